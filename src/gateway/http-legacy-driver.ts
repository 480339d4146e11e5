import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { openPeer, type Exchange } from '../http/exchange.ts'
import type { Provider, SendResult } from '../providers/provider.ts'

const Sent = Compile(Type.Object({ provider_message_id: Type.String({ minLength: 1 }) }))

export interface HttpLegacyDriverOptions {
  /** Where the legacy application takes `{"message_uuid","to","body","from"?}`. */
  readonly url: string
  /** Sent as `Authorization: Bearer`, when set. */
  readonly token: string | null
  readonly timeoutMs: number
  readonly connectionsMax: number
}

/**
 * An existing application as the legacy driver. It answers 2xx when it has handed the message to its carrier
 * (with `provider_message_id`, if it knows one) and 4xx when it refuses it; it must not queue a message that it
 * answers otherwise. Everything else leaves the message in doubt.
 */
export function httpLegacyDriver(options: HttpLegacyDriverOptions): Provider {
  const { origin, pathname, search } = new URL(options.url)
  const peer = openPeer(origin, options.connectionsMax)
  const headers = options.token === null ? {} : { authorization: `Bearer ${options.token}` }
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
  const { status, text } = exchange
  if (status >= 200 && status < 300) return { kind: 'accepted', providerMessageId: idIn(text) ?? messageUuid }
  if (REFUSALS.has(status)) return { kind: 'refused', reason: `HTTP ${status}` }
  return { kind: 'unknown', reason: `HTTP ${status}` }
}

function idIn(text: string): string | undefined {
  try {
    const answer: unknown = JSON.parse(text)
    return Sent.Check(answer) ? answer.provider_message_id : undefined
  } catch {
    return undefined
  }
}
