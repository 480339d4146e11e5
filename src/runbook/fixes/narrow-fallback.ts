import { contains, enclosing, functionOf, textOf, within, type CodeNode, type Tree } from '../code/node.ts'
import { wideTypes, type Failure } from '../facts/failure.ts'
import { endsFlow } from '../facts/mode-context.ts'
import type { Edit } from '../finding.ts'
import { indentAt, insertAfter } from './edits.ts'
import type { CodeFact, Facts } from '../facts/facts.ts'

type Fact = CodeFact & { readonly tree: Tree }

/** What follows the fallback in `case 'ON'` belongs to a Go result; a `break` keeps it away. */
export function breakAfter(facts: Facts, { code, tree }: Fact, call: CodeNode, failure: Failure): Edit[] {
  const arm = enclosing(failure.node, 'case')
  const body = failure.node.arms.find((candidate) => contains(candidate.body, call))?.body
  const last = body?.children.findLast((child) => child.kind !== 'comment')
  const follower = failure.node.parent?.children.find(
    (child) => child.from >= failure.node.to && child.kind !== 'comment',
  )
  if (!follower || /^break\b/.test(textOf(tree, follower))) return []
  if (
    !arm ||
    !body ||
    !last ||
    failure.node.parent !== arm ||
    failure.node.arms.length > 1 ||
    endsFlow(tree, body)
  )
    return []
  return [insertAfter(facts.document.source, code, last.to - 1, [`${indentAt(code, last.from)}break;`])]
}

/** The exception that the runbook's HTTP client throws when nothing was answered. */
export function transportType(facts: Facts, fact: CodeFact): string | null {
  const own = knownType(fact.code.text)
  if (own) return own
  for (const { code } of facts.codes) {
    if (code.language !== 'php') continue
    const type = knownType(code.text)
    if (type) return type
  }
  const php = facts.codes
    .filter(({ code }) => code.language === 'php')
    .map(({ code }) => code.text)
    .join('\n')
  const isGuzzle = /Guzzle|new Client\(/.test(php) && !/\bHttp::/.test(php)
  if (/\bcurl_exec\b/.test(php) && !/\bHttp::|Guzzle/.test(php)) return null
  return isGuzzle
    ? String.raw`\GuzzleHttp\Exception\ConnectException`
    : String.raw`\Illuminate\Http\Client\ConnectionException`
}

function knownType(text: string): string | null {
  const imported = /^\s*use\s+([\w\\]+\\(Connect(?:ion)?Exception))\s*;/m.exec(text)
  if (imported) return imported[2] ?? null
  return /catch\s*\(\s*((?:\\?\w+\\)*Connect(?:ion)?Exception)\b/.exec(text)?.[1] ?? null
}

/**
 * A condition that asks the Go result only for "nothing was accepted", in the words of this runbook: a method it
 * describes, or the value its client returns from the transport catch. Null where it has no such word.
 */
export function narrowCondition(facts: Facts, fact: Fact, call: CodeNode, failure: Failure): string | null {
  const variable = resultVariable(facts, fact, call, failure)
  if (!variable) return null
  const php = facts.codes.filter(({ code, instructs }) => code.language === 'php' && instructs)
  const method = methodNamed(facts)
  const returned = php.flatMap((other) => (other.tree ? transportReturns(other.tree) : []))
  for (const value of returned) {
    const status = /\[\s*['"](\w+)['"]\s*=>\s*(['"]\w+['"])\s*[,\]]/.exec(value)
    if (status && failure.text.includes('['))
      return `(${variable}['${status[1] ?? ''}'] === ${status[2] ?? ''})`
    if (/^null$/.test(value.trim())) return `(${variable} === null)`
  }
  if (method && !/\[/.test(failure.text)) return `(${variable}->${method}())`
  return null
}

function methodNamed(facts: Facts): string | null {
  const names =
    /\b((?:is|was|has)?[fF]ailedBeforeAcceptance|(?:was|is)?[nN]otAccepted|mayFallBack|canFallBack|allowsFallback|shouldFallBack|neverAccepted|wasUnreachable|isUnreachable|isTransportFailure)\s*\(\)/g
  // `return Result::notAccepted()` makes such a result, it does not ask for one.
  return (
    Array.from(facts.norm.matchAll(names)).find(
      ({ index }) => !/return\s+(?:new\s+)?[\w\\]+::$/.test(facts.norm.slice(Math.max(0, index - 60), index)),
    )?.[1] ?? null
  )
}

function transportReturns(tree: Tree): string[] {
  return tree.nodes
    .filter((node) => node.kind === 'catch' && wideTypes(node.callee).length === 0)
    .flatMap((handler) =>
      within(tree, handler, 'return').map((node) =>
        textOf(tree, node)
          .replace(/^return\s*/, '')
          .replace(/;$/, ''),
      ),
    )
}

function resultVariable(facts: Facts, { tree }: Fact, call: CodeNode, failure: Failure): string | null {
  const inCondition = /\$\w+/.exec(failure.text.replaceAll('$this', ''))?.[0]
  const owner = functionOf(call) ?? tree.root
  const assigned = tree.nodes
    .filter(
      (node) =>
        node.kind === 'assign' &&
        contains(owner, node) &&
        node.from < call.from &&
        tree.nodes.some((inner) => contains(node, inner) && facts.roles.roleOf(tree, inner) === 'go'),
    )
    .map((node) => node.name)
  if (inCondition && (assigned.includes(inCondition) || assigned.length === 0)) return inCondition
  return assigned.at(-1) ?? null
}
