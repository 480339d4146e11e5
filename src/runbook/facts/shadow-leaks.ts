import {
  ancestors,
  contains,
  enclosing,
  functionOf,
  statementOf,
  textOf,
  within,
  type CodeNode,
  type Tree,
} from '../code/node.ts'
import { variablePattern } from '../code/variable.ts'
import type { ModeContext } from './mode-context.ts'

interface SentInShadow {
  readonly fact: { readonly tree: Tree }
  readonly call: CodeNode
  readonly context: ModeContext
}

/** Statements of the SHADOW arm through which the answer of the call leaves it. */
export function leaksOf({ fact, call, context }: SentInShadow): CodeNode[] {
  const { tree } = fact
  const own = assignmentOf(call)
  const variable = own && /^\$\w+$/.test(own.name) ? own.name : null
  const area = context.arm ?? areaOf(tree, call)
  const leaks: CodeNode[] = []
  const scope: Scope = { tree, call, own, variable, area, returned: returnedNames(tree, call) }
  for (const node of tree.nodes) {
    if (!contains(area, node) || node === area) continue
    const leak = leakAt(scope, node)
    if (leak) leaks.push(leak)
  }
  leaks.push(...leaksAfter(scope))
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

interface Scope {
  readonly tree: Tree
  readonly call: CodeNode
  /** The assignment of the call's answer, and its variable. */
  readonly own: CodeNode | null
  readonly variable: string | null
  readonly area: CodeNode
  readonly returned: string
}

/** `$status = $answer->status` in the arm, `if ($status === ...) { return ...; }` after it. */
function leaksAfter({ tree, call, variable, area, returned }: Scope): CodeNode[] {
  const owner = functionOf(call)
  if (!owner || variable === null) return []
  const carried = new Set<string>([variable])
  for (const node of within(tree, area, 'assign')) {
    const isPlain = /^\$\w+$/.test(node.name) && node.value !== null
    if (isPlain && [...carried].some((name) => usesSpan(tree, node.value ?? node, name)))
      carried.add(node.name)
  }
  const isElsewhere = (name: string): boolean =>
    within(tree, owner, 'assign').some(
      (node) =>
        node.name === name &&
        !contains(area, node) &&
        !/^(?:null|false|''|""|\[\])$/.test(node.value ? textOf(tree, node.value).trim() : ''),
    )
  const names = [...carried].filter((name) => !isElsewhere(name))
  return within(tree, owner, 'if').filter(
    (node) =>
      node.from > area.to &&
      node.head !== null &&
      names.some((name) => usesSpan(tree, node.head ?? node, name)) &&
      changesFlow(tree, node, returned),
  )
}

/** The statement through which the answer leaves at a node, or null. */
function leakAt(scope: Scope, node: CodeNode): CodeNode | null {
  const { tree, call, variable, returned } = scope
  switch (node.kind) {
    case 'return': {
      const carries = contains(node, call) || usesSpan(tree, node, variable)
      return carries && !isInClosure(node, call) ? statementOf(node) : null
    }
    case 'assign':
      return leakByAssignment(scope, node)
    case 'if':
      return node.head && usesSpan(tree, node.head, variable) && changesFlow(tree, node, returned)
        ? node
        : null
    case 'call':
      return leakByCall(scope, node)
    case 'catch':
      return node.parent?.body && contains(node.parent.body, call) && leavesFlow(tree, node) ? node : null
    default:
      return null
  }
}

function leakByCall({ tree, variable, area, returned }: Scope, node: CodeNode): CodeNode | null {
  const carries = node.args.some((part) => usesSpan(tree, part, variable))
  return carries && setsResponse(tree, node, returned) ? outermost(tree, node, variable, area) : null
}

function leakByAssignment(
  { tree, call, own, variable, area, returned }: Scope,
  node: CodeNode,
): CodeNode | null {
  if (!isReturned(node.name, returned)) return null
  if (node === own) return contains(node, call) ? statementOf(node) : null
  return node.value && usesSpan(tree, node.value, variable) ? outermost(tree, node, variable, area) : null
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

/** The assignment that takes the answer, also where a closure hands it on: `$copy = rescue(fn () => ...)`. */
function assignmentOf(call: CodeNode): CodeNode | null {
  let isYielded = false
  for (const at of ancestors(call)) {
    if (at.kind === 'assign') return at
    if (at.kind === 'return') isYielded = true
    if (at.kind === 'case') return null
    if (at.kind === 'block' && !(isYielded && at.parent?.kind === 'function')) return null
    if (at.kind === 'function' && !(at.isExpression && HANDS_ON.test(callAround(at)?.name ?? ''))) return null
  }
  return null
}

const HANDS_ON =
  /^(?:rescue|retry|value|with|transform|transaction|attempt|call|execute|run|measure|time|trace|span|run\w+|with[A-Z]\w*|protect|guard|block|get)$/

function callAround(closure: CodeNode): CodeNode | null {
  for (const at of ancestors(closure)) {
    if (at.kind === 'call') return at
    if (at.kind !== 'other') return null
  }
  return null
}

/** The closure or function whose text decides what variables a place can see. */
function scopeOf(node: CodeNode): CodeNode | null {
  return enclosing(node, 'function')
}

function isInClosure(node: CodeNode, call: CodeNode): boolean {
  const scope = scopeOf(node)
  if (!scope?.isExpression) return false
  return !contains(scope, call) || scope === scopeOf(call)
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

/** `$response->setStatusCode(207)`, `$response->headers->set(...)` on what is returned, `http_response_code(422)`. */
function setsResponse(tree: Tree, call: CodeNode, returned: string): boolean {
  if (/^\\?(?:http_response_code|header)$/.test(call.callee)) return true
  if (!/^(?:setStatusCode|header|withHeaders|set|add|setData|setContent|put|push|merge)$/.test(call.name))
    return false
  return isReturned(textOf(tree, call), returned)
}

const ABORT = /\b(?:abort(?:_if|_unless)?|throw|exit|die)\b/

function changesFlow(tree: Tree, node: CodeNode, returned: string): boolean {
  const text = textOf(tree, node)
  if (within(tree, node, 'return').length > 0 || ABORT.test(text)) return true
  if (within(tree, node, 'call').some((call) => setsResponse(tree, call, returned))) return true
  return within(tree, node, 'assign').some((assign) => isReturned(assign.name, returned))
}

function leavesFlow(tree: Tree, handler: CodeNode): boolean {
  const body = handler.body ?? handler
  return (
    within(tree, body, 'return').some((node) => /\S/.test(textOf(tree, node).replace(/^return\s*;?/, ''))) ||
    /\b(?:abort|throw)\b/.test(textOf(tree, body))
  )
}
