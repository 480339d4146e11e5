import { ancestors, contains, functionOf, textOf, within, type CodeNode, type Tree } from '../code/node.ts'
import { curlCalls } from './curl-calls.ts'
import type { CodeFact, Facts } from './facts.ts'
import { perFacts } from './per-facts.ts'

type Fact = CodeFact & { readonly tree: Tree }

/** A call of the Laravel code that goes over HTTP to the Go service. */
export interface HttpCall {
  readonly fact: Fact
  /** The outermost call of the chain. */
  readonly call: CodeNode
  readonly library: 'laravel' | 'guzzle' | 'curl' | 'other'
  readonly timeout: TimeoutPlace | null
}

export interface TimeoutPlace {
  readonly fact: Fact
  readonly from: number
  readonly to: number
  /** Written in this unit. */
  readonly unit: 's' | 'ms'
  readonly text: string
  readonly isOption: boolean
}

const POST =
  /^(?:post|put|patch|request|send|sendAsync|postAsync|requestAsync|postJson|sendRequest|asyncPost|retry)$/i
const PAYLOAD = /message_?uuid|dry_?run|messageUuid/i
const NOT_MESSAGES = /health|ready|livez|ping|\bstatus\b.*get|metrics/i

export const goHttpCalls: (facts: Facts) => HttpCall[] = perFacts(findHttpCalls)

function findHttpCalls(facts: Facts): HttpCall[] {
  const fragments = facts.codes.filter(
    (fact): fact is Fact => fact.instructs && fact.tree !== null && fact.code.language === 'php',
  )
  return fragments.flatMap((fact) => [
    ...chains(facts, fact, fragments),
    ...curlCalls(facts, fact, isCurlToGo),
  ])
}

function chains(facts: Facts, fact: Fact, fragments: readonly Fact[]): HttpCall[] {
  const { tree } = fact
  return tree.nodes
    .filter((node) => isPost(facts, fact, node))
    .map((call) => {
      const library = libraryOf(fact, call, fragments)
      return { fact, call, library, timeout: timeoutOf(fact, call, fragments) }
    })
}

function isPost(facts: Facts, { tree, code }: Fact, node: CodeNode): boolean {
  if (node.kind !== 'call' || !POST.test(node.name) || node.name === 'retry') return false
  const text = textOf(tree, node)
  if (!sendsRequest(tree, node)) return false
  const isHttp =
    /^(?:\\?(?:\w+\\)*Http::|\$(?:this->)?(?:\w*[hH]ttp\w*|\w*[gG]uzzle\w*|\w*[cC]lient\w*|\w*[cC]url\w*|\w*[tT]ransport\w*|\w*pending\w*|\w*[cC]onnection)(?:->|\(|$)|\(?new \\?(?:\w+\\)*(?:Client|GuzzleClient)|HttpClient::|app->|resolve->)/.test(
      node.callee,
    )
  if (!isHttp || NOT_MESSAGES.test(text.slice(0, 200)) || isPartOfLonger(node)) return false
  if (/json|form_params|body|headers/.test(text) || /^Http::|Http::/.test(node.callee)) {
    return (
      PAYLOAD.test(text) || mentionsService(facts, text) || PAYLOAD.test(enclosingText(tree, node, code.text))
    )
  }
  return (
    PAYLOAD.test(text) ||
    (/["'][^"']*\/(?:v\d\/)?(?:messages|sms|send)\b/.test(text) &&
      /^\$(?:this->)?(?:http|guzzle|client)/i.test(node.callee))
  )
}

/** A client's own `send($uuid, ...)` is no request; one is made of a URL, a path, an options array or a request object. */
function sendsRequest(tree: Tree, node: CodeNode): boolean {
  if (/Http::/.test(node.callee)) return true
  return node.args.some((argument) =>
    /^["'][^"']*["']$|^\[|^\$(?:this->)?\w*(?:url|uri|endpoint|request|path|base)\w*|["'][^"']*\/|^new \S*Request\b|^(?:config|route|url|sprintf|rtrim)\(/i.test(
      textOf(tree, argument).trim(),
    ),
  )
}

function enclosingText(tree: Tree, node: CodeNode, text: string): string {
  const owner = functionOf(node)
  const wide = owner ? textOf(tree, owner) : text
  return /legacy|twilio|nexmo|vonage|infobip/i.test(owner?.name ?? '') ? '' : wide
}

function mentionsService(facts: Facts, text: string): boolean {
  const names = facts.entities.goNames.map((name) => name.toLowerCase())
  return (
    /messaging|go[-_]?service|config\(\s*['"][\w.]*go\b/i.test(text) ||
    names.some((name) => text.toLowerCase().includes(name))
  )
}

function isPartOfLonger(node: CodeNode): boolean {
  for (const at of ancestors(node)) {
    if (at.kind !== 'call') return false
    if (at.from === node.from && POST.test(at.name)) return true
  }
  return false
}

function libraryOf({ code }: Fact, call: CodeNode, fragments: readonly Fact[]): HttpCall['library'] {
  if (/Http::/.test(call.callee)) return 'laravel'
  const all = fragments.map((fragment) => fragment.code.text).join('\n')
  if (/guzzle/i.test(call.callee) || (/GuzzleHttp|new Client\(/.test(code.text) && !/Http::/.test(code.text)))
    return 'guzzle'
  if (/PendingRequest|Http::/.test(code.text)) return 'laravel'
  if (/['"](?:json|form_params|headers)['"]\s*=>/.test(code.text.slice(call.from, call.to))) return 'guzzle'
  return /GuzzleHttp/.test(all) ? 'guzzle' : 'other'
}

function timeoutOf(fact: Fact, call: CodeNode, fragments: readonly Fact[]): TimeoutPlace | null {
  return inChain(fact, call) ?? inOptions(fact, call) ?? atReceiver(fact, call, fragments)
}

/** `->timeout(x)` in the chain; the last one counts. */
function inChain(fact: Fact, call: CodeNode): TimeoutPlace | null {
  const { tree } = fact
  const chain = tree.nodes.filter(
    (node) => node.kind === 'call' && node.from === call.from && contains(call, node),
  )
  const own = chain.find(
    (node) => node.name === 'timeout' || node.name === 'setTimeout' || node.name === 'timeoutMs',
  )
  const options = chain.find((node) => /^(?:withOptions|withRequestOptions|options)$/.test(node.name))
  const option = options && pairTimeout(fact, options)
  if (option) return option
  const argument = own?.args[0]
  if (!own || !argument) return null
  const value = argument.kind === 'pair' && argument.value ? argument.value : argument
  return {
    fact,
    from: value.from,
    to: value.to,
    unit: own.name === 'timeoutMs' ? 'ms' : 's',
    text: textOf(tree, value),
    isOption: false,
  }
}

function inOptions(fact: Fact, call: CodeNode): TimeoutPlace | null {
  const area = call.args.length > 0 ? { from: call.args[0]?.from ?? 0, to: call.args.at(-1)?.to ?? 0 } : null
  return area ? pairTimeout(fact, area) : null
}

function pairTimeout(fact: Fact, area: { from: number; to: number }): TimeoutPlace | null {
  const pair = within(fact.tree, area, 'pair').find(({ name }) =>
    /^(?:timeout|(?:\w+::)?TIMEOUT|max_duration|timeout_ms)$/.test(name),
  )
  if (!pair?.value) return null
  return {
    fact,
    from: pair.value.from,
    to: pair.value.to,
    unit: pair.name.endsWith('_ms') ? 'ms' : 's',
    text: textOf(fact.tree, pair.value),
    isOption: true,
  }
}

/** The few nodes that build a client, by block. */
const buildersOf = perFacts((fragments: readonly Fact[]): (readonly [Fact, readonly CodeNode[]])[] =>
  fragments.flatMap((fact) => {
    const nodes = fact.tree.nodes.filter(
      (node) =>
        (node.kind === 'assign' || node.kind === 'call') &&
        /timeout/i.test(textOf(fact.tree, node)) &&
        /^new |Http::macro$|^\$/.test(node.kind === 'call' ? node.callee : node.name),
    )
    return nodes.length > 0 ? [[fact, nodes] as const] : []
  }),
)

/** The receiver's own construction, anywhere in the runbook: `$this->http = new Client([... 'timeout' => ...])`. */
function atReceiver(fact: Fact, call: CodeNode, fragments: readonly Fact[]): TimeoutPlace | null {
  const receiver = /^\$(?:this->)?\w+/.exec(call.callee)?.[0]
  const macro = /^Http::(\w+)->/.exec(call.callee)?.[1]
  for (const [other, nodes] of [[fact, fact.tree.nodes] as const, ...buildersOf(fragments)]) {
    for (const node of nodes) {
      const isOwn =
        receiver !== undefined &&
        (isAssignmentOf(node, receiver, call) || isClient(other, node, other === fact))
      if (!isOwn && !(macro !== undefined && isMacro(other, node, macro))) continue
      const place = pairTimeout(other, node) ?? timeoutCall(other, node)
      if (place) return place
    }
  }
  return null
}

function isAssignmentOf(node: CodeNode, receiver: string, call: CodeNode): boolean {
  return node.kind === 'assign' && node.name === receiver && !contains(node, call)
}

function isMacro({ tree }: Fact, node: CodeNode, name: string): boolean {
  return (
    node.kind === 'call' && node.callee.endsWith('Http::macro') && textOf(tree, node).includes(`'${name}'`)
  )
}

/** A client that is built with a timeout; one in another block counts where the container binds it. */
function isClient({ tree, code }: Fact, node: CodeNode, isSameBlock: boolean): boolean {
  if (node.kind !== 'call' || !/^new \\?(?:\w+\\)*(?:Client|GuzzleClient)$/.test(node.callee)) return false
  return (isSameBlock || /singleton|bind|when/.test(code.text)) && /['"]timeout['"]/.test(textOf(tree, node))
}

function timeoutCall(fact: Fact, area: CodeNode): TimeoutPlace | null {
  const own = within(fact.tree, area, 'call').find((node) => node.name === 'timeout')
  const argument = own?.args[0]
  return argument
    ? {
        fact,
        from: argument.from,
        to: argument.to,
        unit: 's',
        text: textOf(fact.tree, argument),
        isOption: false,
      }
    : null
}

/** A handle that carries a message, or that is opened with the service's URL and asks for no health. */
function isCurlToGo(facts: Facts, text: string, opening: string): boolean {
  return PAYLOAD.test(text) || (mentionsService(facts, opening) && !NOT_MESSAGES.test(opening))
}
