import { ancestors, contains, textOf, type CodeNode, type Tree } from '../code/node.ts'
import { carriesMessage, isSendLike, takesDryRun } from './calls.ts'

const LOOP_CALL =
  /^(?:retry|map|each|mapWithKeys|mapInto|transform|flatMap|times|array_map|array_walk|reduce|chunk|every|eachById|mapToGroups|chunkById|lazy|repeat|withRetry|doWithRetry|Retry|RetryNotify|Do|DoWithData|Map|ForEach|Times|attempt|retryOnFailure|execute_with_retries|RetryWithBackoff|rescueAndRetry|eachSpread|chunkMap|chunkWhile|eachChunk|lazyById|mapSpread|pipeThrough|foreachRow)$/

export interface Loop {
  readonly node: CodeNode
  /** What runs again and again. */
  readonly body: CodeNode
  /** The variables that a turn of the loop sets: key and value of a `foreach`, parameters of a closure. */
  readonly key: string | null
  readonly value: string | null
  readonly subject: string | null
  readonly isCall: boolean
}

/** The innermost loop that runs a node again and again; what is evaluated once is in no loop. */
export function loopAround(tree: Tree, node: CodeNode): Loop | null {
  for (const at of ancestors(node)) {
    if (at.kind === 'loop' && at.body && contains(at.body, node)) return describe(tree, at, at.body)
    if (
      at.kind === 'loop' &&
      at.head &&
      /^\s*\(/.test(textOf(tree, at.head)) &&
      isRepeatedHead(tree, at, node)
    )
      return describe(tree, at, at.body ?? at)
    if (at.kind === 'function' && !at.isExpression) return null
    if (at.kind === 'function' && at.isExpression) {
      const call = callOfClosure(at)
      if (call && LOOP_CALL.test(call.name)) return describe(tree, call, at)
    }
  }
  return null
}

/** A `for` head runs its first part once and the others at each turn. */
function isRepeatedHead(tree: Tree, loop: CodeNode, node: CodeNode): boolean {
  if (!loop.head || !contains(loop.head, node) || /\bas\b/.test(textOf(tree, loop.head))) return false
  const first = textOf(tree, loop.head).indexOf(';')
  return first >= 0 && node.from > loop.head.from + first
}

function callOfClosure(closure: CodeNode): CodeNode | null {
  const parent = closure.parent
  if (parent?.kind === 'call') return parent
  if (parent?.kind === 'other' && parent.parent?.kind === 'call') return parent.parent
  return null
}

function describe(tree: Tree, node: CodeNode, body: CodeNode): Loop {
  const none = { node, body, key: null, value: null, subject: null, isCall: node.kind === 'call' }
  if (node.kind === 'call') {
    const [value = null, key = null] = closureParameters(tree, body)
    return { ...none, value, key }
  }
  const head = node.head ? textOf(tree, node.head) : ''
  const foreach = /^\(?\s*([\s\S]*?)\s+as\s+(?:(\$\w+)\s*=>\s*)?&?(\$\w+|\[[^\]]*\])\s*\)?$/.exec(head)
  if (foreach)
    return { ...none, subject: foreach[1] ?? null, key: foreach[2] ?? null, value: foreach[3] ?? null }
  const range = /^(\w+)(?:,\s*(\w+))?\s*:?=\s*range\s+(.+)$/.exec(head)
  return range ? { ...none, key: range[1] ?? null, value: range[2] ?? null, subject: range[3] ?? null } : none
}

function closureParameters(tree: Tree, closure: CodeNode): string[] {
  const head = closure.head ? textOf(tree, closure.head) : ''
  return Array.from(head.matchAll(/\$\w+/g), ([name]) => name)
}

/** Whether a part of the code sends anything anywhere. */
export function sendsSomething(tree: Tree, body: CodeNode): boolean {
  return tree.nodes.some(
    (node) =>
      node.kind === 'call' &&
      contains(body, node) &&
      (isSendLike(node) ||
        /^curl_(?:exec|multi_add_handle)$/.test(node.name) ||
        takesDryRun(node) ||
        carriesMessage(tree, node)),
  )
}
