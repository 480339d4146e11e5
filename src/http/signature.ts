import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Call, Exchange, HttpPeer } from './exchange.ts'

/**
 * Gateway and service know each other by a shared secret: an HMAC-SHA256 over the time and the body, in
 * `baton-signature: t=MILLISECONDS,v1=HEX`. The answer's signature covers the request's as well, so that it
 * cannot be the answer to another call.
 */
export const SIGNATURE_HEADER = 'baton-signature'

/** How far the two clocks may be apart. A replay inside it changes nothing: claims are keyed by message_uuid. */
const WINDOW_MS = 5 * 60_000

export function signature(secret: string, nowMs: number, content: string): string {
  return `t=${nowMs},v1=${createHmac('sha256', secret).update(`${nowMs}.${content}`).digest('hex')}`
}

/** Why a signature does not hold, or undefined when it does. */
export function signatureFault(
  secret: string,
  header: string | string[] | undefined,
  nowMs: number,
  content: string,
): string | undefined {
  if (typeof header !== 'string') return 'is missing'
  const time = Number(/^t=(\d{1,15}),v1=[0-9a-f]{64}$/.exec(header)?.[1] ?? Number.NaN)
  if (Number.isNaN(time)) return 'is malformed'
  if (Math.abs(nowMs - time) > WINDOW_MS) return 'is too old, or the clocks are apart'
  const expected = Buffer.from(signature(secret, time, content))
  return timingSafeEqual(Buffer.from(header), expected) ? undefined : 'does not match'
}

/** What an answer's signature is over. */
export function answerContent(requestSignature: string, body: string): string {
  return `${requestSignature}.${body}`
}

/** A peer whose calls are signed, and whose answers count only when they are: others prove nothing. */
export function signedPeer(peer: HttpPeer, secret: string, now: () => number = Date.now): HttpPeer {
  async function exchange(call: Call): Promise<Exchange> {
    const signed = signature(secret, now(), call.body ?? '')
    const result = await peer.exchange({ ...call, headers: { ...call.headers, [SIGNATURE_HEADER]: signed } })
    if (result.kind !== 'answer') return result
    const content = answerContent(signed, result.text)
    const fault = signatureFault(secret, result.headers[SIGNATURE_HEADER], now(), content)
    if (fault === undefined) return result
    return { kind: 'ambiguous', cause: 'unreadable_answer', detail: `the answer's signature ${fault}` }
  }
  return { exchange, close: () => peer.close() }
}
