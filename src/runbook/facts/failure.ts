import { ancestors, contains, functionOf, textOf, type CodeNode, type Tree } from '../code/node.ts'
import { variablePattern } from '../code/variable.ts'
import type { Facts } from './facts.ts'

/** Exceptions that mean: the request was not answered. */
const TRANSPORT =
  /(?:Connection(?:Exception|Failed\w*|Error|Refused\w*|Timeout\w*)|ConnectException|Timeout\w*|Timed?Out\w*|Transport\w*|NetworkException|Circuit\w*|Breaker\w*|Unreachable\w*|NotAccepted\w*|BeforeAccept\w*|Unavailable(?:BeforeAcceptance)?Exception|NoAnswer\w*|NotReached\w*|HostUnreachable\w*)$/i
const BASE_TRANSPORT = /^(?:\\?(?:Psr\\Http\\Client\\)?ClientExceptionInterface)$/

export function wideTypes(types: string): string[] {
  return types
    .split('|')
    .map((type) => type.trim())
    .filter((type) => type !== '' && (!TRANSPORT.test(type) || BASE_TRANSPORT.test(type)))
}

const ALLOWED =
  /fail\w*_?before|before_?accept|not_?accepted|never_?accepted|un_?accepted|not_?reached|un_?reach|timed?_?-?out|timeout|transport|breaker|circuit|connect(?:ion)?|no_?answer|unanswered|no_?response|may_?fall_?back|can_?fall_?back|should_?fall_?back|allows?_?fall_?back|needs_?fall_?back|fallback_?(?:allowed|needed|required)|===?\s*null|is_null|null\s*===?|!\s*\$\w+->(?:was|has)(?:Reached|Answered|Response)|->fallback\b/i
const TOO_WIDE =
  /->failed\(\)|->fails\(\)|->serverError\(\)|->clientError\(\)|!\s*\$?[\w>-]*(?:successful|ok|isOk|success|succeeded|isSuccess\w*|accepted|isAccepted|wasAccepted)\b(?:\(\))?|[!=]==?\s*['"]?rejected|['"](?:rejected|error|failed|failure|duplicate|unknown|invalid)['"]|!==?\s*['"]?[\w:\\]*accepted\b|!==?\s*(?:20\d|true)\b|>=?\s*(?:400|500|499|300|399|299)|\b5\d\d\b|!\s*in_array|isRejected|isError|hasError|serverError|::Rejected|<>\s*['"]accepted|empty\(|hasFailed|->failed\b(?!Before)/i

/** What a condition lets through to the legacy driver. */
export function fallbackCondition(condition: string): 'allowed' | 'wide' | 'other' {
  const text = condition.replaceAll(/fail\w*Before\w*\(?\)?/gi, 'failedBeforeAcceptance')
  if (TOO_WIDE.test(text)) return 'wide'
  return ALLOWED.test(text) ? 'allowed' : 'other'
}

export interface Failure {
  readonly kind: 'catch' | 'if'
  readonly node: CodeNode
  /** The tested span: the types of a catch, the condition of an if. */
  readonly span: { from: number; to: number }
  readonly verdict: 'allowed' | 'wide' | 'other'
  readonly text: string
}

/** The branch around a place that is taken when the Go call went wrong, innermost first. */
export function failureAround(tree: Tree, node: CodeNode): Failure[] {
  const failures: Failure[] = []
  for (const at of ancestors(node)) {
    if (at.kind === 'catch' && at.head) {
      const text = at.callee
      const closing = wideTypes(text).length > 0 ? 'wide' : 'allowed'
      failures.push({ kind: 'catch', node: at, span: at.head, verdict: closing, text })
    }
    if (at.kind === 'if') {
      const arm = at.arms.find(({ body }) => contains(body, node))
      if (arm?.condition) {
        const text = textOf(tree, arm.condition)
        failures.push({ kind: 'if', node: at, span: arm.condition, verdict: fallbackCondition(text), text })
      } else if (arm) {
        const first = at.arms[0]?.condition
        const text = first ? textOf(tree, first) : ''
        failures.push({
          kind: 'if',
          node: at,
          span: first ?? at,
          verdict: elseVerdict(text),
          text: `else of ${text}`,
        })
      }
    }
    if (at.kind === 'case' || (at.kind === 'function' && !at.isExpression)) break
  }
  return failures
}

/** The `else` of "it was accepted" lets everything else through. */
function elseVerdict(condition: string): Failure['verdict'] {
  if (/accepted|successful|->ok\(|isOk|2\d\d/i.test(condition) && fallbackCondition(condition) !== 'allowed')
    return 'wide'
  if (/^\(?\s*!\s*.*(?:fail|timed|before)/i.test(condition)) return 'allowed'
  return 'other'
}

/**
 * Whether a test of what the Go call brought stands around a place: a condition, a `match` or a ternary on the
 * variable that holds its answer, or the catch of the try that calls it. A test that asks for success is none.
 */
export function hangsOnGo(facts: Facts, tree: Tree, node: CodeNode): boolean {
  const owner = functionOf(node) ?? tree.root
  const calls = tree.nodes.filter(
    (other) => contains(owner, other) && facts.roles.roleOf(tree, other) === 'go' && other.from < node.from,
  )
  const answers = calls.flatMap((call) => answerOf(call) ?? [])
  const asks = (text: string): boolean => answers.some((name) => variablePattern(name).test(text))
  for (const at of ancestors(node)) {
    if (at === owner) return false
    if (at.kind === 'catch' && at.parent && calls.some((call) => contains(at.parent ?? at, call))) return true
    if (testsAnswer(tree, at, node, asks)) return true
  }
  return false
}

function testsAnswer(tree: Tree, at: CodeNode, node: CodeNode, asks: (text: string) => boolean): boolean {
  if (at.kind === 'if') {
    const arm = at.arms.findIndex(({ body }) => contains(body, node))
    const own = at.arms[arm]?.condition
    return (
      !(own && SUCCESS.test(textOf(tree, own))) &&
      at.arms.slice(0, arm + 1).some(({ condition }) => condition && asks(textOf(tree, condition)))
    )
  }
  if (at.kind === 'case') return asks(headAndLabels(tree, at)) && !/accepted|success/i.test(at.labels.join())
  // A ternary has no node of its own.
  const condition = at.kind === 'other' ? /^([^?]*)\?[^?>]/.exec(textOf(tree, at))?.[1] : undefined
  return condition !== undefined && asks(condition)
}

const SUCCESS =
  /^\(?\s*(?:in_array\([^)]*accepted|\$\w+->(?:was|is)?_?(?:accepted|successful|ok|success)\(\)|\$\w+(?:->|\[')\w+(?:'\])?\s*===?\s*['"]accepted)/i

function headAndLabels(tree: Tree, arm: CodeNode): string {
  return `${arm.parent?.head ? textOf(tree, arm.parent.head) : ''} ${arm.labels.join(' ')}`
}

/** The variable that holds what a call returns. */
function answerOf(call: CodeNode): string | null {
  for (const at of ancestors(call)) {
    if (at.kind === 'assign') return /^\$\w+$/.test(at.name) && at.from < call.from ? at.name : null
    if (at.kind === 'block' || at.kind === 'case' || at.kind === 'root') return null
  }
  return null
}

/** Whether a place runs only after the Go call failed, in code that also falls back there. */
export function isFailureBranch(facts: Facts, tree: Tree, node: CodeNode): boolean {
  const failure = failureAround(tree, node).find(({ verdict }) => verdict !== 'other')
  if (!failure) return false
  const body =
    failure.kind === 'catch'
      ? failure.node
      : (failure.node.arms.find(({ body }) => contains(body, node))?.body ?? failure.node)
  return tree.nodes.some((other) => contains(body, other) && facts.roles.roleOf(tree, other) === 'legacy')
}
