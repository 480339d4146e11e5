import { ancestors, contains, functionOf, textOf, within, type CodeNode, type Tree } from '../code/node.ts'
import { wordsOf } from './calls.ts'

const VERB =
  /^(?:Send|Submit|Deliver|Dispatch|Push|Transmit|Post|Do|Call|Forward|Relay|Route|Execute|Enqueue|Message|Create)(?:SMS|Sms|Message|Text|Msg|One|Now|Batch|Async|MT|Single|Request|Context|WithRetry|ShortMessage|SM)*$/i
const PROVIDER_WORD =
  /^(?:provider|providers|vendor|carrier|aggregator|telco|twilio|nexmo|vonage|sinch|infobip|messagebird|plivo|smpp|upstream|operator|smsc|transport|driver|sender|outbound|channel|gw|gateway|backend|sms|sns|smsclient|smsapi|prov|egress|adapter|link|esme|sink|router|dispatcher|routes?|carriers|vendors|gateways)$/
const NOT_PROVIDER =
  /^(?:http|json|log|logger|w|rw|writer|c|ctx|errors|metrics|store|db|tx|repo|logs|t|testing|fmt|time|sync|wg|cache|redis|queue|q|bus|events?|outbox|kafka|nats|mux|router|span|tracer|enc|encoder|render|resp|response|audit|jobs?|ch)$/

/** A call of the Go side that reaches a provider. */
export function isProviderCall(tree: Tree, node: CodeNode): boolean {
  if (node.kind !== 'call') return false
  const parts = node.callee.split('.')
  const receiver = wordsOf(parts.slice(0, -1).join('.'))
  if (
    /^(?:send|submit|deliver|dispatch|call|push)(?:To|Via|With|Through)?(?:Provider|Vendor|Carrier|Aggregator|Upstream|SMSC|Operator)\w*$/i.test(
      node.name,
    )
  )
    return true
  if (/^(?:provider|vendor|carrier)(?:Send|Submit|Deliver)\w*$/i.test(node.name)) return true
  if (!VERB.test(node.name) || parts.length < 2) return false
  if (receiver.some((word) => PROVIDER_WORD.test(word)))
    return (
      !/^(?:Do|Call|Execute|Create|Post)$/.test(node.name) ||
      receiver.some((word) => /provider|vendor|carrier|aggregator|twilio|smsc|telco/.test(word))
    )
  const last = receiver.at(-1) ?? ''
  if (NOT_PROVIDER.test(last)) return false
  if (/^(?:Send|Submit|Deliver)(?:SMS|Sms|Text|ShortMessage|SM)$/.test(node.name)) return true
  return (
    /^(?:Send|Submit|Deliver|Transmit|SendSMS|SendMessage|SendText|SubmitSM)$/i.test(node.name) &&
    carriesMessage(tree, node) &&
    aliasIsProvider(tree, node, parts[0] ?? '')
  )
}

function carriesMessage(tree: Tree, node: CodeNode): boolean {
  return (
    node.args.length >= 1 &&
    /\b(?:req|msg|m|message|to|recipient|phone|number|body|text|in|cmd|sms|item|it|payload|p)\b/i.test(
      node.args.map((argument) => textOf(tree, argument)).join(' '),
    )
  )
}

/** A short local name may stand for a provider picked before. */
function aliasIsProvider(tree: Tree, node: CodeNode, name: string): boolean {
  const owner = functionOf(node)
  const scope = owner ? textOf(tree, owner) : tree.text
  const assigned = new RegExp(String.raw`\b${name}(?:\s*,\s*\w+)?\s*:?=\s*([^\n]+)`).exec(scope)?.[1]
  if (assigned) return wordsOf(assigned).some((word) => PROVIDER_WORD.test(word) && word !== 'router')
  const receiver = /^func\s*\(\s*(\w+)\s+\*?(\w+)/.exec(scope)
  return receiver?.[1] === name
    ? false
    : new RegExp(
        String.raw`\b(?:for|range)\b[^\n]*\b${name}\b[^\n]*(?:provider|vendor|carrier|route)`,
        'i',
      ).test(scope)
}

export interface ProviderUse {
  readonly call: CodeNode
  /** The function, or the whole fragment. */
  readonly scope: CodeNode
  readonly guard: Guard
}

export type Guard =
  | { readonly kind: 'none' }
  /** Stands before the call and leaves the function. */
  | { readonly kind: 'effective' }
  /** Tests the flag after the call. */
  | { readonly kind: 'late'; readonly node: CodeNode }
  /** Tests the flag before the call and goes on. */
  | { readonly kind: 'leaky'; readonly node: CodeNode }

/** The provider calls of a block, tests left out, each with the guard that keeps dry runs away from it. */
export function providerUses(tree: Tree): ProviderUse[] {
  return tree.nodes
    .filter((node) => isProviderCall(tree, node) && !isInTest(tree, node))
    .map((call) => {
      const scope = functionOf(call) ?? tree.root
      return { call, scope, guard: guardOf(tree, scope, call) }
    })
}

function isInTest(tree: Tree, node: CodeNode): boolean {
  const owner = functionOf(node)
  return (
    owner !== null &&
    (/^Test|^Benchmark/.test(owner.name) || /testing\.T/.test(owner.head ? textOf(tree, owner.head) : ''))
  )
}

export const DRY_TEST = /dry_?run(?!_NO)|\bisDry\w*|\.Dry\b|\bdry\b|\bshadow\b|ModeShadow/i

function guardOf(tree: Tree, scope: CodeNode, call: CodeNode): Guard {
  if (isInLiveBranch(tree, call)) return { kind: 'effective' }
  const tests = within(tree, scope, 'if').filter(
    (node) => node.head && DRY_TEST.test(textOf(tree, node.head)) && !contains(node, call),
  )
  const cases = within(tree, scope, 'case').filter(
    (node) => node.labels.some((label) => DRY_TEST.test(label)) && !contains(node, call),
  )
  const before = [...tests, ...cases].filter((node) => node.to <= call.from)
  if (before.some((node) => leaves(tree, node, call))) return { kind: 'effective' }
  const leaky = before[0]
  if (leaky) return { kind: 'leaky', node: leaky }
  const late = tests.find((node) => node.from >= call.to)
  return late ? { kind: 'late', node: late } : { kind: 'none' }
}

const LIVE_TEST = /!\s*[\w.()]*dry_?run|dry_?run\w*(?:\(\))?\s*==\s*false|!\s*[\w.]*isDry|!\s*dry\b/i

/** `if !req.DryRun { provider... }`, the else of a test, or the default beside a case. */
function isInLiveBranch(tree: Tree, call: CodeNode): boolean {
  for (const at of ancestors(call)) {
    if (at.kind === 'if' && isLiveArm(tree, at, call)) return true
    if (at.kind === 'case') {
      const isOfFlag = at.parent?.head ? DRY_TEST.test(textOf(tree, at.parent.head)) : false
      if (isOfFlag) return at.labels.length === 0 || at.labels.join().includes('false')
      if (at.labels.length === 0 && at.parent?.children.some((other) => testsFlag(other))) return true
    }
    if (at.kind === 'function' && !at.isExpression) return false
  }
  return false
}

function isLiveArm(tree: Tree, choice: CodeNode, call: CodeNode): boolean {
  const arm = choice.arms.find(({ body }) => contains(body, call))
  if (arm?.condition && LIVE_TEST.test(textOf(tree, arm.condition))) return true
  const first = choice.arms[0]
  const tested = first?.condition ? textOf(tree, first.condition) : ''
  return arm !== undefined && arm !== first && DRY_TEST.test(tested) && !tested.includes('!')
}

function testsFlag(arm: CodeNode): boolean {
  return arm.kind === 'case' && arm.labels.some((label) => DRY_TEST.test(label))
}

/** Returns, or goes on with the next message where the call stands in the same loop. */
function leaves(tree: Tree, node: CodeNode, call: CodeNode): boolean {
  const body = node.kind === 'if' ? node.arms[0]?.body : node
  if (!body || /!/.test(node.head && node.kind === 'if' ? textOf(tree, node.head) : '')) return false
  const last = body.children.findLast((child) => child.kind !== 'comment')
  if (!last) return false
  if (last.kind === 'return') return true
  const text = textOf(tree, last)
  if (/^(?:panic|os\.Exit)\b/.test(text)) return true
  const loop = [...ancestors(node)].find((at) => at.kind === 'loop')
  return /^continue\b/.test(text) && loop !== undefined && contains(loop, call)
}
