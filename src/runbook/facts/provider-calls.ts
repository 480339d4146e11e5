import { ancestors, contains, functionOf, textOf, within, type CodeNode, type Tree } from '../code/node.ts'
import { wordsOf } from './calls.ts'

const VERB =
  /^(?:Send|Submit|Deliver|Dispatch|Push|Transmit|Post|Do|Call|Forward|Relay|Route|Execute|Enqueue|Message|Create)(?:SMS|Sms|Message|Text|Msg|One|Now|Batch|Async|MT|Single|Request|Context|WithRetry|ShortMessage|SM)*$/i
const PROVIDER_WORD =
  /^(?:provider|providers|vendor|carrier|aggregator|telco|twilio|nexmo|vonage|sinch|infobip|messagebird|plivo|smpp|upstream|operator|smsc|transport|driver|sender|outbound|channel|gw|gateway|backend|sms|sns|smsclient|smsapi|prov|egress|adapter|link|esme|sink|router|dispatcher|routes?|carriers|vendors|gateways)$/
const NOT_PROVIDER =
  /^(?:http|json|log|logger|w|rw|writer|c|ctx|errors|metrics|store|db|tx|repo|logs|t|testing|fmt|time|sync|wg|cache|redis|queue|q|bus|events?|outbox|kafka|nats|mux|router|span|tracer|enc|encoder|render|resp|response|audit|jobs?|ch)$/

function namesProvider(name: string): boolean {
  return (
    /^(?:send|submit|deliver|dispatch|call|push)(?:To|Via|With|Through)?(?:Provider|Vendor|Carrier|Aggregator|Upstream|SMSC|Operator)\w*$/i.test(
      name,
    ) || /^(?:provider|vendor|carrier)(?:Send|Submit|Deliver)\w*$/i.test(name)
  )
}

/** A call of the Go side that reaches a provider. */
export function isProviderCall(tree: Tree, node: CodeNode): boolean {
  if (node.kind !== 'call') return false
  const parts = node.callee.split('.')
  const receiver = wordsOf(parts.slice(0, -1).join('.'))
  if (namesProvider(node.name)) return true
  if (parts.length < 2) return false
  return (
    handsOverMessage(tree, node) || (VERB.test(node.name) && sendsByReceiver(tree, node, parts, receiver))
  )
}

function sendsByReceiver(
  tree: Tree,
  node: CodeNode,
  parts: readonly string[],
  receiver: readonly string[],
): boolean {
  if (receiver.some((word) => PROVIDER_WORD.test(word)))
    return (
      !/^(?:Do|Call|Execute|Create|Post)$/.test(node.name) ||
      receiver.some((word) => /provider|vendor|carrier|aggregator|twilio|smsc|telco/.test(word))
    )
  if (parts.length === 2 && isLoopAlias(tree, node, parts[0] ?? '')) return true
  const last = receiver.at(-1) ?? ''
  if (NOT_PROVIDER.test(last)) return false
  if (/^(?:Send|Submit|Deliver)(?:SMS|Sms|Text|ShortMessage|SM)$/.test(node.name)) return true
  return (
    /^(?:Send|Submit|Deliver|Transmit|SendSMS|SendMessage|SendText|SubmitSM)$/i.test(node.name) &&
    carriesMessage(tree, node) &&
    aliasIsProvider(tree, node, parts[0] ?? '')
  )
}

const RECORDS =
  /^(?:Insert|Save|Store|Record|Append|Add|Write|Log|Put|Set|Update|Upsert|Exec|Query|Create|New|Parse|Valid|Decode|Encode|Marshal|Unmarshal|Format|Normali|Print|Sprint|Error|Info|Warn|Debug|Track|Audit|Persist|Register|Reserve|Lookup|Get|Find|Is|Has|With|From|To|Count|Observe|Answer|Reply|Respond|Render|Finish|Mark|Journal|Eintrag|Speicher|Ajout|Enregistr|Noter|Guardar)/i
const FIELD = /^&?([A-Za-z]\w*)\.(?:Get)?([A-Z]\w*)(?:\(\))?$/

/**
 * Whatever it is called: what takes the id, the number and the text of a request and gives back a receipt or an error
 * sends it on. What keeps records takes the receipt, too, or has a table's name in its arguments.
 */
function handsOverMessage(tree: Tree, node: CodeNode): boolean {
  const parts = node.callee.split('.')
  if (RECORDS.test(node.name) || NOT_PROVIDER.test(wordsOf(parts.slice(0, -1).join('.')).at(-1) ?? ''))
    return false
  const texts = node.args.map((argument) => textOf(tree, argument).trim())
  if (texts.some((text) => /["`]/.test(text))) return false
  const fields = texts
    .filter((text) => !/\bContext\(\)$/.test(text))
    .map((text) => FIELD.exec(text))
    .filter((match) => match !== null)
  const owners = new Set(fields.map((match) => match[1]))
  if (fields.length < 3 || owners.size !== 1) return false
  if (!fields.some((match) => /U?UID|ID$/i.test(match[2] ?? ''))) return false
  const assign = [...ancestors(node)].find(({ kind }) => kind === 'assign' || kind === 'block')
  return assign?.kind === 'assign' || /^ctx$|\bContext\(\)$|^c$/i.test(texts[0] ?? '')
}

/** `for _, x := range s.carriers` makes `x` a provider. */
function isLoopAlias(tree: Tree, node: CodeNode, name: string): boolean {
  for (const at of ancestors(node)) {
    if (at.kind === 'loop' && at.head) {
      const range = /^\w+\s*,\s*(\w+)\s*:?=\s*range\s+([\w.]+)/.exec(textOf(tree, at.head).trim())
      if (range?.[1] === name)
        return wordsOf(range[2] ?? '').some((word) => PROVIDER_WORD.test(word) && word !== 'router')
    }
    if (at.kind === 'function' && !at.isExpression) return false
  }
  return false
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
    .filter((node) => isProviderCall(tree, node) && !isInTest(tree, node) && !isInDryArm(tree, node))
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

/** Local variables that hold the flag: `probe := req.DryRun`. */
function testOf(tree: Tree, scope: CodeNode): RegExp {
  const names = within(tree, scope, 'assign').flatMap((node) => {
    const name = /^\w{2,}$/.exec(node.name)?.[0]
    return name && node.value && /dry_?run\w*(?:\(\))?\s*$/i.test(textOf(tree, node.value)) ? [name] : []
  })
  const tagged = Array.from(
    tree.text.matchAll(/^\s*(\w+)\s+\*?bool\s+`[^`\n]*"dry_run/gm),
    ([, name]) => name ?? '',
  )
  const own = [...names, ...tagged].slice(0, 6).map((name) => String.raw`|\b${name}\b`)
  return own.length === 0 ? DRY_TEST : new RegExp(DRY_TEST.source + own.join(''), 'i')
}

function guardOf(tree: Tree, scope: CodeNode, call: CodeNode): Guard {
  if (isInLiveBranch(tree, call)) return { kind: 'effective' }
  const test = testOf(tree, scope)
  const tests = within(tree, scope, 'if').filter(
    (node) => node.head && test.test(textOf(tree, node.head)) && !contains(node, call),
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

/** Inside `if req.DryRun { ... }` no guard can help: the call itself is wrong there. */
function isInDryArm(tree: Tree, call: CodeNode): boolean {
  for (const at of ancestors(call)) {
    const arm = at.kind === 'if' ? at.arms[0] : undefined
    const condition = arm?.condition ? textOf(tree, arm.condition) : ''
    if (arm && contains(arm.body, call) && DRY_TEST.test(condition) && !/!|false/.test(condition)) return true
    if (at.kind === 'function' && !at.isExpression) return false
  }
  return false
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
