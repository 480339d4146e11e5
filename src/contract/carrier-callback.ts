// How the carrier sandbox calls back: what became of texts, and what their readers replied.
import { createHmac } from 'node:crypto'
import { Type, type Static } from 'typebox'

export const CALLBACK_TIME = 'x-carrier-timestamp'
export const CALLBACK_SIGNATURE = 'x-carrier-signature'

export const CALLBACK_EVENTS_MAX = 100

const Delivery = Type.Object({
  /** As the send was answered. A carrier of its kind echoes no reference. */
  id: Type.String({ minLength: 1 }),
  status: Type.Enum(['sent', 'delivered']),
  at: Type.String(),
})
export type Delivery = Static<typeof Delivery>

const Reply = Type.Object({
  id: Type.String({ minLength: 1 }),
  from: Type.String(),
  to: Type.Union([Type.String(), Type.Null()]),
  body: Type.String(),
  at: Type.String(),
})
export type Reply = Static<typeof Reply>

export const CarrierCallback = Type.Union([
  Type.Object({ deliveries: Type.Array(Delivery, { maxItems: CALLBACK_EVENTS_MAX }) }),
  Type.Object({ replies: Type.Array(Reply, { maxItems: CALLBACK_EVENTS_MAX }) }),
])
export type CarrierCallback = Static<typeof CarrierCallback>

/** Over the time, in seconds since the epoch, and the very bytes of the body. */
export function callbackSignature(secret: string, seconds: string, body: string | Uint8Array): string {
  return createHmac('sha256', secret).update(`${seconds}.`).update(body).digest('hex')
}
