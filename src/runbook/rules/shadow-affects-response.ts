import { variablePattern } from '../code/variable.ts'
import {
  ancestors,
  contains,
  functionOf,
  statementOf,
  textOf,
  within,
  type CodeNode,
  type Tree,
} from '../code/node.ts'
import { mentions } from '../facts/entities.ts'
import type { Facts } from '../facts/facts.ts'
import type { Problem, Rule } from '../finding.ts'
import { manual, replaceCode, safe } from '../fixes/edits.ts'
import { replaceSentence } from '../fixes/prose-edits.ts'
import { isDenied } from '../prose/modality.ts'
import { callsOf, deleteNode, docSpan, goName, isQuestion, scopeOf, type RoleCall } from './scan.ts'

const MESSAGE = 'In SHADOW the result of the Go service reaches the HTTP response'

function inCode(facts: Facts): Problem[] {
  const problems = new Map<CodeNode, Problem>()
  for (const found of callsOf(facts, 'go')) {
    const { context, call, fact } = found
    if (!context.isExplicit || context.modes.size !== 1 || !context.modes.has('SHADOW')) continue
    for (const node of leaksOf(found)) {
      if (
        [...problems.keys()].some(
          (known) => contains(known, node) && known.parent !== null && rootIs(known, node),
        )
      )
        continue
      problems.set(node, {
        ...docSpan(fact.code, node),
        message: MESSAGE,
        fix: fixOf(facts, found, node, call),
      })
    }
  }
  return [...problems.values()]
}

function rootIs(a: CodeNode, b: CodeNode): boolean {
  const top = (node: CodeNode): CodeNode => [...ancestors(node)].at(-1) ?? node
  return top(a) === top(b)
}

/** Statements of the SHADOW arm through which the answer of the call leaves it. */
function leaksOf({ fact, call, context }: RoleCall): CodeNode[] {
  const { tree } = fact
  const own = assignmentOf(call)
  const variable = own && /^\$\w+$/.test(own.name) ? own.name : null
  const area = context.arm ?? areaOf(tree, call)
  const leaks: CodeNode[] = []
  const returned = returnedNames(tree, call)
  for (const node of tree.nodes) {
    if (!contains(area, node) || node === area) continue
    if (
      node.kind === 'return' &&
      !isInClosure(node, call) &&
      (contains(node, call) || uses(tree, node, variable))
    )
      leaks.push(statementOf(node))
    if (node.kind === 'assign' && contains(node, call) && node === own && isReturned(node.name, returned))
      leaks.push(statementOf(node))
    if (
      node.kind === 'assign' &&
      node !== own &&
      node.value &&
      usesSpan(tree, node.value, variable) &&
      isReturned(node.name, returned)
    )
      leaks.push(outermost(tree, node, variable, area))
    if (
      node.kind === 'if' &&
      node.head &&
      usesSpan(tree, node.head, variable) &&
      changesFlow(tree, node, returned)
    )
      leaks.push(node)
    if (
      node.kind === 'catch' &&
      node.parent?.body &&
      contains(node.parent.body, call) &&
      leavesFlow(tree, node)
    )
      leaks.push(node)
  }
  if (context.arm?.parent?.isExpression && armYields(tree, context.arm, call)) leaks.push(context.arm)
  return leaks.filter(
    (node, index) =>
      !leaks.some(
        (other, at) =>
          at !== index &&
          contains(other, node) &&
          (other.from < node.from || other.to > node.to || at < index),
      ),
  )
}

/** The arm of a `match` whose value is the call's. */
function armYields(tree: Tree, arm: CodeNode, call: CodeNode): boolean {
  const value = arm.children.at(-1)
  const isUsed = arm.parent?.parent?.kind === 'assign' || arm.parent?.parent?.kind === 'return'
  return (
    isUsed && value !== undefined && value.from === call.from && textOf(tree, value) === textOf(tree, call)
  )
}

function areaOf(tree: Tree, call: CodeNode): CodeNode {
  for (const at of ancestors(call))
    if (at.kind === 'if') return at.arms.find(({ body }) => contains(body, call))?.body ?? at
  return tree.root
}

function assignmentOf(call: CodeNode): CodeNode | null {
  for (const at of ancestors(call)) {
    if (at.kind === 'assign') return at
    if (at.kind === 'block' || at.kind === 'case' || at.kind === 'function') return null
  }
  return null
}

function isInClosure(node: CodeNode, call: CodeNode): boolean {
  const scope = scopeOf(node)
  return scope.isExpression && !contains(scope, call) ? true : scope.isExpression && scope === scopeOf(call)
}

function uses(tree: Tree, node: CodeNode, variable: string | null): boolean {
  return usesSpan(tree, node, variable)
}

function usesSpan(tree: Tree, span: { from: number; to: number }, variable: string | null): boolean {
  return variable !== null && variablePattern(variable).test(textOf(tree, span))
}

/** The names that the function's answers are made of. */
function returnedNames(tree: Tree, call: CodeNode): string {
  const owner = functionOf(call) ?? tree.root
  return within(tree, owner, 'return')
    .map((node) => textOf(tree, node))
    .join('\n')
}

function isReturned(target: string, returned: string): boolean {
  const base = /^\$(?:this->)?\w+/.exec(target)?.[0]
  return base !== undefined && base !== '$this' && variablePattern(base).test(returned)
}

function outermost(tree: Tree, node: CodeNode, variable: string | null, area: CodeNode): CodeNode {
  let found = statementOf(node)
  for (const at of ancestors(node)) {
    if (at === area) break
    if (at.kind === 'if' && at.head && usesSpan(tree, at.head, variable)) found = at
  }
  return found
}

const ABORT = /\b(?:abort(?:_if|_unless)?|throw|exit|die)\b/

function changesFlow(tree: Tree, node: CodeNode, returned: string): boolean {
  const text = textOf(tree, node)
  if (within(tree, node, 'return').length > 0 || ABORT.test(text)) return true
  return within(tree, node, 'assign').some((assign) => isReturned(assign.name, returned))
}

function leavesFlow(tree: Tree, handler: CodeNode): boolean {
  const body = handler.body ?? handler
  return (
    within(tree, body, 'return').some((node) => /\S/.test(textOf(tree, node).replace(/^return\s*;?/, ''))) ||
    /\b(?:abort|throw)\b/.test(textOf(tree, body))
  )
}

function fixOf(facts: Facts, { fact }: RoleCall, node: CodeNode, call: CodeNode): Problem['fix'] {
  const { code, tree } = fact
  const { source } = facts.document
  if (node.kind === 'case')
    return manual('Let the arm yield what the legacy driver answers; only log the answer of the Go service.')
  if (node.kind === 'catch') {
    const body = node.body
    const variable = /\$\w+/.exec(textOf(tree, node.head ?? node))?.[0]
    if (!body || !variable)
      return manual('Only report the failure; the response stays as the legacy driver made it.')
    const inner = body.children.filter((child) => child.kind !== 'comment')
    const first = inner[0]
    const last = inner.at(-1)
    if (!first || !last) return manual('Only report the failure.')
    const end = last.to + (code.text.slice(last.to).startsWith(';') ? 1 : 0)
    return safe(
      replaceCode(source, code, first.from, end, `report(${variable});`),
      'Only report the failure.',
    )
  }
  if (contains(node, call)) {
    const end = node.to + (/^\s*;/.exec(code.text.slice(node.to))?.[0].length ?? 0)
    return safe(
      replaceCode(source, code, node.from, end, `${textOf(tree, call)};`),
      'Call it as a statement of its own and only log its answer.',
    )
  }
  return safe(deleteNode(facts, code, node), 'Delete what carries the answer into the response.')
}

const ANSWER =
  /\b(?:(?:http )?(?:response|status code|status|answer|reply)|(?:the )?(?:api|controller|endpoint|caller|client|school|customer|user|tenant|merchant|front ?end|browser|app|shop|portal|laravel|we|it))\b/i
const EFFECT =
  /\b(?:answers?|returns?|returned|responds?|replies|reply|changes?|changed|overrides?|overwrites?|replaces?|decides?|determines?|propagat\w+|pass(?:es|ed)? (?:\w+ )?(?:on|back|through|along)|(?:is|are) (?:handed|given|relayed|forwarded|sent) (?:on |back )?to|surfac\w+|bubbl\w+|is (?:shown|merged|copied|included|used)|becomes?|fails? the request|takes? (?:the status|over)|affects?|influences?|gets? (?:a )?[45]\d\d|with (?:a |an )?(?:http )?[45]\d\d|waits? for)\b/gi
const HTTP =
  /\b(?:[45]\d\d|response|http|caller|answers? the|returns?|respond\w*|api|status code|user sees|request fails|sees the|reply|replies)\b/i

function inProse(facts: Facts): Problem[] {
  return facts.sentences.flatMap((sentence) => {
    const modes = facts.modesOf(sentence)
    if (
      !sentence.instructs ||
      sentence.unit.kind === 'heading' ||
      modes.size !== 1 ||
      !modes.has('SHADOW') ||
      isQuestion(sentence)
    )
      return []
    if (
      !mentions(facts.entities.go, sentence.text) &&
      !/\b(?:its|the|that) (?:result|answer|verdict|status|outcome|response|reply)\b|\bdry[- ]run (?:result|answer|verdict|status|outcome)|\bshadow (?:result|answer|verdict|status|outcome|response)/i.test(
        sentence.text,
      )
    )
      return []
    if (
      !ANSWER.test(sentence.text) ||
      !HTTP.test(sentence.text) ||
      /\b(?:log(?:s|ged)?|gate|check|expected|expect|assert|pass|compare[ds]?|verify|curl)\b/i.test(
        sentence.text,
      )
    )
      return []
    const verb = Array.from(sentence.text.matchAll(EFFECT)).find(
      (match) =>
        !isDenied(sentence.text, match.index, match[0].length) && !isGoItself(facts, sentence.text, match.index),
    )
    if (
      !verb ||
      /\b(?:must not|never|does not|doesn't|no effect|may not|cannot|ignored|discarded|dropped|whatever|regardless|independent|unchanged|same as|identical)\b/i.test(
        sentence.text,
      )
    )
      return []
    const text = sentence.unit.row
      ? 'no effect on the response'
      : `In \`SHADOW\` the answer of ${goName(facts)} is only logged and MUST NOT change the HTTP response.`
    return [
      {
        from: sentence.from,
        to: sentence.to,
        message: MESSAGE,
        fix: safe(replaceSentence(facts, sentence, text), `Replace by: ${text}`),
      },
    ]
  })
}

/** "Go answers with accepted" speaks of Go's own answer, not of what Laravel answers its caller. */
function isGoItself(facts: Facts, text: string, at: number): boolean {
  const before = text.slice(0, at)
  facts.entities.go.lastIndex = 0
  const places = Array.from(before.matchAll(facts.entities.go), (match) => match.index + match[0].length)
  const last = places.at(-1)
  const isSubject =
    last !== undefined && /^\W*(?:service|also|then|only|already)?\W*$/.test(before.slice(last))
  return (
    isSubject && !/\b(?:to the (?:caller|client|user|school|customer)|http response|[45]\d\d)\b/i.test(text)
  )
}

export const shadowAffectsResponse: Rule = {
  id: 'shadow-affects-response',
  title: 'The SHADOW result changes the HTTP response',
  invariant: 1,
  demands: 'SHADOW: the result of the Go service does not affect the HTTP response.',
  breaks: [
    "case 'SHADOW': ... if ($shadow['status'] === 'rejected') { $outcome[$key] = 'rejected'; }",
    'When the service says rejected in SHADOW, the API answers with 422.',
  ],
  looksOnlySo: [
    'a catch-all in SHADOW that only logs',
    'the answer written to the log',
    '"Its result MUST NOT change the HTTP response."',
  ],
  fixedBy: 'What carries the answer out of the SHADOW branch is deleted; the call stays.',
  check: (facts) => [...inCode(facts), ...inProse(facts)],
}
