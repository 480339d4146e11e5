import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { Treatment } from '../contract/treatment.ts'
import { openPeer, type Exchange } from '../http/exchange.ts'
import { isJson, parseJson } from '../providers/json-body.ts'
import type { OutgoingMessage, SendResult } from '../providers/provider.ts'
import type { LegacyDriver, Rehearsal } from './legacy-driver.ts'

const Answer = Compile(Type.Object({ provider_message_id: Type.Optional(Type.Unknown()) }))
const Told = Compile(Type.Partial(Treatment))
const Rehearsed = Compile(Type.Object({ dry_run: Type.Literal(true) }))
const fields = ['to', 'encoding', 'segments', 'route', 'price', 'error_class'] as const

export interface HttpLegacyDriverOptions {
  /** Where the legacy application takes `{"message_uuid","to","body","from"?}`. */
  readonly url: string
  /** Where it takes the same with `"dry_run":true`, and sends nothing. Absent or null: it cannot rehearse. */
  readonly rehearsalUrl?: string | null
  /** Sent as `Authorization: Bearer`, when set. */
  readonly token: string | null
  readonly timeoutMs: number
  readonly connectionsMax: number
}

const REHEARSAL_TIMEOUT_MS = 2_000
const REHEARSAL_CONNECTIONS = 8

/**
 * An existing application as the legacy driver. It answers 2xx when it has handed the message to its carrier, with a
 * JSON object (and `provider_message_id` in it, if it knows one) or without a body, and 4xx with a JSON object when it
 * refuses it; it must not queue a message that it answers otherwise. Everything else leaves the message in doubt: a
 * page is what something in between says, a login for example. Either answer may tell more of the message, in the words
 * of {@link Treatment}. A rehearsal is answered alike, with `"dry_run":true` in it.
 */
export function httpLegacyDriver(options: HttpLegacyDriverOptions): LegacyDriver {
  const { token, timeoutMs, rehearsalUrl = null } = options
  const target = openTarget(options.url, options.connectionsMax, token)
  const rehearsal = rehearsalUrl === null ? undefined : openTarget(rehearsalUrl, REHEARSAL_CONNECTIONS, token)
  return {
    name: 'legacy-http',
    async send(permit, message) {
      permit.spend(message.messageUuid)
      return resultOf(await target.post(toWire(message), timeoutMs), message.messageUuid)
    },
    ...(rehearsal && {
      rehearse: async (message: OutgoingMessage) =>
        rehearsalOf(await rehearsal.post({ ...toWire(message), dry_run: true }, REHEARSAL_TIMEOUT_MS)),
    }),
    async close() {
      await Promise.all([target.close(), rehearsal?.close()])
    },
  }
}

function openTarget(url: string, connectionsMax: number, token: string | null) {
  const { origin, pathname, search } = new URL(url)
  const peer = openPeer(origin, connectionsMax)
  const headers = {
    // Frameworks write their own errors as pages otherwise.
    accept: 'application/json',
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
  }
  return {
    post: (body: object, timeoutMs: number) =>
      peer.exchange({
        method: 'POST',
        path: pathname + search,
        body: JSON.stringify(body),
        headers,
        timeoutMs,
      }),
    close: () => peer.close(),
  }
}

function toWire({ messageUuid, recipient, sender, body }: OutgoingMessage) {
  return { message_uuid: messageUuid, to: recipient, body, ...(sender ? { from: sender } : {}) }
}

// Refusals of the request as it is. 408, 409, 425 and 429 can come from something in between, after it went on.
const REFUSALS = new Set([400, 401, 403, 404, 405, 410, 413, 415, 422])

function resultOf(exchange: Exchange, messageUuid: string): SendResult {
  if (exchange.kind === 'not_sent')
    return { kind: 'not_sent', reason: `${exchange.cause}: ${exchange.detail}` }
  if (exchange.kind === 'ambiguous')
    return { kind: 'unknown', reason: `${exchange.cause}: ${exchange.detail}` }
  const { status, text } = exchange
  const answer = objectIn(exchange)
  const told = toldIn(answer)
  if (status >= 200 && status < 300 && (answer || text === '')) {
    const id = answer?.provider_message_id
    return {
      kind: 'accepted',
      providerMessageId: typeof id === 'string' && id !== '' ? id : messageUuid,
      told,
    }
  }
  if (REFUSALS.has(status) && answer) return { kind: 'refused', reason: `HTTP ${status}`, told }
  return { kind: 'unknown', reason: `HTTP ${status}: proves nothing` }
}

/** The JSON object of an answer: anything else may be said by something in between. */
function objectIn({ headers, text }: Extract<Exchange, { kind: 'answer' }>) {
  const json = isJson(headers['content-type']) ? parseJson(text) : undefined
  return Answer.Check(json) && !Array.isArray(json) ? json : undefined
}

function rehearsalOf(exchange: Exchange): Rehearsal {
  if (exchange.kind !== 'answer')
    return { kind: 'no_answer', reason: `${exchange.cause}: ${exchange.detail}` }
  const { status } = exchange
  const answer = objectIn(exchange)
  const isSuccess = status >= 200 && status < 300
  if (!Rehearsed.Check(answer)) {
    const reason = `HTTP ${status} without "dry_run": true`
    return { kind: isSuccess ? 'not_a_rehearsal' : 'no_answer', reason }
  }
  const told = toldIn(answer)
  if (isSuccess) return { kind: 'answer', verdict: 'send', told }
  if (!REFUSALS.has(status)) return { kind: 'no_answer', reason: `HTTP ${status}` }
  return { kind: 'answer', verdict: 'refuse', told: { error_class: 'refused', ...told } }
}

/** What the answer tells of the message; an answer with one field in other words tells nothing. */
function toldIn(answer: unknown): Partial<Treatment> {
  if (!Told.Check(answer)) return {}
  return Object.fromEntries(fields.flatMap((field) => (field in answer ? [[field, answer[field]]] : [])))
}
