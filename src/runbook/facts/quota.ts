import { ancestors, contains, textOf, type CodeNode, type Tree } from '../code/node.ts'

const QUOTA =
  /quota|credit|kontingent|guthaben|wallet|allotment|forfait|saldo|allowance|contingent|balance|budget|units?_left|remaining|sms_left|sms_used/i
const TAKES =
  /^(?:decr(?:ement)?|consume|charge|debit|deduct|use|spend|take|burn|reduce|subtract|withdraw|bill|book|settle|drain|lower|apply|abbuch|debit|debiter|descont|verbrauch|entnehm)/i

/** A decrement of the quota: a call, or an assignment that subtracts. */
export function isQuotaDecrement(tree: Tree, node: CodeNode): boolean {
  const text = textOf(tree, node)
  if (node.kind === 'call') {
    if (!TAKES.test(node.name) && !/(?:quota|credit)s?_?(?:decrement|charge|debit|deduct)/i.test(node.name))
      return false
    return (
      QUOTA.test(node.callee) || node.args.some((argument) => QUOTA.test(textOf(tree, argument).slice(0, 80)))
    )
  }
  if (node.kind === 'assign')
    return (
      QUOTA.test(node.name) &&
      (/-=|--\s*;?$|^\s*--/.test(text) ||
        new RegExp(
          String.raw`=\s*\S*\s*${node.name.replaceAll(/[$()[\]>.*+?^{}|\\]/g, String.raw`\$&`)}\s*-`,
        ).test(text))
    )
  return false
}

/** The decrements of a block, outermost nodes only. */
export function quotaNodes(tree: Tree): CodeNode[] {
  const found = tree.nodes.filter((node) => isQuotaDecrement(tree, node))
  return found.filter((node) => !found.some((other) => other !== node && contains(other, node)))
}

const STATUS_WORD = /['"](\w+)['"]|::(\w+)|\b(?:is|was|has)([A-Z]\w+)\(|->(accepted|duplicate|isDuplicate)\b/g
const WRONG_STATUS =
  /^(?:queued|sent|pending|rejected|failed|delivered|submitted|ok|success|processing|unknown|error|superseded|unreachable)$/i

/** What the conditions around a place ask of the status. */
export interface StatusTest {
  /** The condition that asks, innermost; null where none does. */
  readonly condition: { from: number; to: number } | null
  readonly isRight: boolean
  /** The `if` that holds the place. */
  readonly choice: CodeNode | null
}

export function statusTest(tree: Tree, node: CodeNode): StatusTest {
  let innermost: StatusTest = { condition: null, isRight: false, choice: null }
  for (const at of ancestors(node)) {
    if (at.kind === 'if') {
      const arm = at.arms.find(({ body }) => contains(body, node))
      if (!arm?.condition) continue
      const test = { condition: arm.condition, isRight: asksRight(textOf(tree, arm.condition)), choice: at }
      if (test.isRight) return test
      if (asksStatus(textOf(tree, arm.condition)) || !innermost.condition) innermost = test
    }
    if (guardBefore(tree, at, node)) return { condition: null, isRight: true, choice: null }
    if (
      at.kind === 'case' &&
      /accepted/i.test(at.labels.join()) &&
      at.labels.every((label) => /accepted|duplicate/i.test(label))
    ) {
      const labels = at.labels.join().toLowerCase()
      if (labels.includes('duplicate')) return { condition: null, isRight: true, choice: null }
    }
    if (at.kind === 'function' && !at.isExpression) break
  }
  return innermost
}

export function asksStatus(condition: string): boolean {
  return /status|state|verdict|outcome|accepted|duplicate|result|queued|sent\b/i.test(condition)
}

function asksRight(condition: string): boolean {
  if (
    /(?:should|may|can|must)(?:Charge|Decrement|Bill|Count)|isBillable|isChargeable|countsAgainstQuota|acceptedOrDuplicate|isAcceptedOrDuplicate/i.test(
      condition,
    )
  )
    return true
  const words = Array.from(condition.matchAll(STATUS_WORD), (match) =>
    (match[1] ?? match[2] ?? match[3] ?? match[4] ?? '').toLowerCase().replace(/^is/, ''),
  )
  const isPositive = !/!\s*in_array|!==?\s*['"]?(?:accepted|duplicate)/i.test(condition)
  return (
    isPositive &&
    words.includes('accepted') &&
    words.includes('duplicate') &&
    !words.some((word) => WRONG_STATUS.test(word))
  )
}

/** `if (! in_array($status, ['accepted', 'duplicate'])) { break; }` before the place. */
function guardBefore(tree: Tree, sequence: CodeNode, node: CodeNode): boolean {
  return sequence.children.some((sibling) => {
    if (sibling.kind !== 'if' || sibling.to > node.from || !sibling.head) return false
    const condition = textOf(tree, sibling.head)
    return (
      /!\s*in_array/.test(condition) &&
      /accepted/i.test(condition) &&
      /duplicate/i.test(condition) &&
      /\b(?:break|continue|return|throw)\b/.test(textOf(tree, sibling))
    )
  })
}

/** The expression that holds a Go status near a place: `$result->status`, `$res['status']`. */
export function statusExpression(text: string): string | null {
  return (
    /\$\w+(?:->status(?:\(\))?|\[['"]status['"]\](?:\s*\?\?\s*\w+)?)/
      .exec(text)?.[0]
      .replace(/\s*\?\?.*$/, '') ?? null
  )
}
