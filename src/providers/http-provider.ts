import type { Permit } from '../authority/permit.ts'
import { openPeer, type Call, type Exchange } from '../http/exchange.ts'
import { isJson, parseJson } from './json-body.ts'
import { judgeAnswer, type AnswerRules } from './judge-answer.ts'
import type {
  LaterEvidence,
  OutgoingMessage,
  PastSend,
  Protection,
  SendResult,
  SmsProvider,
} from './provider.ts'
import type { ReceiptSource } from './receipt.ts'

/** What every vendor over HTTP is opened with. */
export interface HttpOptions {
  /** Where the vendor's API is, instead of its public address. */
  readonly origin?: string
  /** From the call to the last byte of the answer. */
  readonly timeoutMs: number
  readonly connectionsMax: number
}

const LOOK_UP_CONNECTIONS = 2

export type VendorCall = Omit<Call, 'timeoutMs'>

/** What the shared client needs to know of a vendor; it alone sends, once. */
export interface HttpVendor {
  readonly name: string
  readonly origin: string
  readonly protection:
    | { readonly kind: 'dedupe'; readonly key: string; readonly windowMs: number }
    | {
        readonly kind: 'lookupByReference'
        readonly keptMs: number
        /** Where it differs from the sending one. */
        readonly lookUpOrigin?: string
        readonly lookUp: (
          get: (call: VendorCall) => Promise<unknown>,
          past: PastSend,
        ) => Promise<LaterEvidence>
      }
    | { readonly kind: 'callbackCorrelates' | 'none' }
  readonly answers: AnswerRules
  readonly receipts: ReceiptSource
  compose(message: OutgoingMessage): VendorCall | Promise<VendorCall>
}

export function httpProvider(vendor: HttpVendor, { timeoutMs, connectionsMax }: HttpOptions): SmsProvider {
  const open = (origin: string, connections: number) =>
    openPeer(origin, connections, { connectTimeoutMs: Math.ceil(timeoutMs / 2) })
  const peer = open(vendor.origin, connectionsMax)
  const { lookUpOrigin = vendor.origin } =
    vendor.protection.kind === 'lookupByReference' ? vendor.protection : {}
  const lookUpPeer = lookUpOrigin === vendor.origin ? peer : open(lookUpOrigin, LOOK_UP_CONNECTIONS)

  async function attempt(permit: Permit, message: OutgoingMessage): Promise<SendResult> {
    permit.spend(message.messageUuid)
    const call = await composed(message)
    if (!call) return { kind: 'refused', reason: 'no request can be made of the message', blames: 'message' }
    return judgeAnswer(vendor.answers, await peer.exchange({ ...call, timeoutMs }), Date.now())
  }

  /** A text that is not well formed cannot be put into an address, for example; no byte of it has left then. */
  async function composed(message: OutgoingMessage): Promise<VendorCall | undefined> {
    try {
      return await vendor.compose(message)
    } catch {
      return undefined
    }
  }

  /** The JSON of a 200; undefined for anything else, since nothing else finds a message. */
  async function get(call: VendorCall): Promise<unknown> {
    return jsonOf(await lookUpPeer.exchange({ ...call, timeoutMs }))
  }

  function protectionOf({ protection }: HttpVendor): Protection {
    if (protection.kind === 'lookupByReference') {
      return { ...protection, lookUp: (past) => protection.lookUp(get, past) }
    }
    if (protection.kind !== 'dedupe') return { kind: protection.kind }
    const { windowMs } = protection
    return {
      ...protection,
      async replay(permit, message) {
        const ageMs = Date.now() - message.firstSentAtMs
        if (ageMs < 0 || ageMs + timeoutMs > windowMs) {
          return { kind: 'proves_nothing', reason: `outside the vendor's window of ${windowMs} ms` }
        }
        const result = await attempt(permit, message)
        if (result.kind === 'accepted') return { kind: 'sent', providerMessageId: result.providerMessageId }
        return { kind: 'proves_nothing', reason: result.reason }
      },
    }
  }

  return {
    name: vendor.name,
    protection: protectionOf(vendor),
    receipts: vendor.receipts,
    send: attempt,
    async close() {
      await Promise.all([peer.close(), lookUpPeer === peer ? undefined : lookUpPeer.close()])
    },
  }
}

function jsonOf(exchange: Exchange): unknown {
  if (exchange.kind !== 'answer' || exchange.status !== 200) return undefined
  return isJson(exchange.headers['content-type']) ? parseJson(exchange.text) : undefined
}

export const notFound: LaterEvidence = { kind: 'proves_nothing', reason: 'the vendor does not find it' }

export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

/** A form body with its header. */
export function form(fields: Readonly<Record<string, string | undefined>>): {
  readonly body: string
  readonly headers: { readonly 'content-type': string }
} {
  const present = Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return {
    body: new URLSearchParams(present).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  }
}
