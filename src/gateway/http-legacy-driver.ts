import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { openPeer, type Exchange } from '../http/exchange.ts'
import { isJson, parseJson } from '../providers/json-body.ts'
import type { Provider, SendResult } from '../providers/provider.ts'

const Answer = Compile(Type.Object({ provider_message_id: Type.Optional(Type.Unknown()) }))

export interface HttpLegacyDriverOptions {
  /** Where the legacy application takes `{"message_uuid","to","body","from"?}`. */
  readonly url: string
  /** Sent as `Authorization: Bearer`, when set. */
  readonly token: string | null
  readonly timeoutMs: number
  readonly connectionsMax: number
}

/**
 * An existing application as the legacy driver. It answers 2xx when it has handed the message to its carrier, with a
 * JSON object (and `provider_message_id` in it, if it knows one) or without a body, and 4xx with a JSON object when it
 * refuses it; it must not queue a message that it answers otherwise. Everything else leaves the message in doubt: a
 * page is what something in between says, a login for example.
 */
export function httpLegacyDriver(options: HttpLegacyDriverOptions): Provider {
  const { origin, pathname, search } = new URL(options.url)
  const peer = openPeer(origin, options.connectionsMax)
  const headers = {
    // Frameworks write their own errors as pages otherwise.
    accept: 'application/json',
    ...(options.token === null ? {} : { authorization: `Bearer ${options.token}` }),
  }
  return {
    name: 'legacy-http',
    async send(permit, { messageUuid, recipient, sender, body }) {
      permit.spend(messageUuid)
      const message = { message_uuid: messageUuid, to: recipient, body, ...(sender ? { from: sender } : {}) }
      const exchange = await peer.exchange({
        method: 'POST',
        path: pathname + search,
        body: JSON.stringify(message),
        headers,
        timeoutMs: options.timeoutMs,
      })
      return resultOf(exchange, messageUuid)
    },
    close: () => peer.close(),
  }
}

// Refusals of the request as it is. 408, 409, 425 and 429 can come from something in between, after it went on.
const REFUSALS = new Set([400, 401, 403, 404, 405, 410, 413, 415, 422])

function resultOf(exchange: Exchange, messageUuid: string): SendResult {
  if (exchange.kind === 'not_sent')
    return { kind: 'not_sent', reason: `${exchange.cause}: ${exchange.detail}` }
  if (exchange.kind === 'ambiguous')
    return { kind: 'unknown', reason: `${exchange.cause}: ${exchange.detail}` }
  const { status, headers, text } = exchange
  const json = isJson(headers['content-type']) ? parseJson(text) : undefined
  const answer = Answer.Check(json) && !Array.isArray(json) ? json : undefined
  if (status >= 200 && status < 300 && (answer || text === '')) {
    const id = answer?.provider_message_id
    return { kind: 'accepted', providerMessageId: typeof id === 'string' && id !== '' ? id : messageUuid }
  }
  if (REFUSALS.has(status) && answer) return { kind: 'refused', reason: `HTTP ${status}` }
  return { kind: 'unknown', reason: `HTTP ${status}: proves nothing` }
}
