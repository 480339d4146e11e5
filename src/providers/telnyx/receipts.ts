import { createPublicKey, verify, type KeyObject } from 'node:crypto'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { headerOf, isRecent, notAuthentic, unreadable } from '../authenticity.ts'
import { inboundText, textsOf } from '../inbound-text.ts'
import { parseJson } from '../json-body.ts'
import { noReceipts, normaliseReceipts, type StatusWords } from '../normalise-receipts.ts'
import type { RawRequest, ReceiptReader } from '../receipt.ts'
import { addressedMessage } from '../receipt-address.ts'

const Event = Compile(
  Type.Object({
    data: Type.Object({
      event_type: Type.String(),
      occurred_at: Type.Optional(Type.String()),
      payload: Type.Unknown(),
    }),
  }),
)
const Outbound = Compile(
  Type.Object({
    id: Type.String({ minLength: 1 }),
    to: Type.Array(Type.Object({ status: Type.String() }), { minItems: 1, maxItems: 1 }),
    webhook_url: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    errors: Type.Optional(Type.Array(Type.Object({ code: Type.String() }))),
  }),
)

const Inbound = Compile(
  Type.Object({
    id: Type.String({ minLength: 1 }),
    from: Type.Object({ phone_number: Type.String() }),
    to: Type.Array(Type.Object({ phone_number: Type.String() })),
    text: Type.String(),
  }),
)

const statuses: StatusWords = {
  queued: 'accepted',
  sending: 'accepted',
  sent: 'sent',
  delivered: 'delivered',
  delivery_unconfirmed: 'sent',
  sending_failed: 'rejected',
  delivery_failed: 'undelivered',
  expired: 'expired',
}

/** Webhooks signed by Ed25519 over `timestamp|body`. The reference is read from the signed body, not from the URL. */
export function telnyxReceipts(publicKey: string): ReceiptReader {
  const key = ed25519(publicKey)
  return (request, now) => {
    if (!isRecent(headerOf(request, 'telnyx-timestamp'), now)) {
      return notAuthentic('telnyx-timestamp is outside the window')
    }
    if (!isSigned(request, key)) return notAuthentic('telnyx-signature-ed25519 does not match')
    const event = parseJson(request.body)
    if (!Event.Check(event)) return unreadable('is not an event')
    const { event_type, occurred_at, payload } = event.data
    if (event_type === 'message.received' && Inbound.Check(payload)) {
      const { id, from, to, text } = payload
      const sides = { from: from.phone_number, to: to[0]?.phone_number ?? null }
      return textsOf([inboundText({ id, ...sides, text, at: occurred_at }, now)])
    }
    if (event_type !== 'message.sent' && event_type !== 'message.finalized') {
      return noReceipts
    }
    if (!Outbound.Check(payload)) return unreadable(`${event_type} without an outbound message`)
    const found = {
      id: payload.id,
      status: payload.to[0]?.status ?? '',
      at: occurred_at,
      reference: addressedMessage(payload.webhook_url ?? ''),
      errorCode: payload.errors?.[0]?.code,
    }
    return normaliseReceipts([found], statuses, now)
  }
}

/** The raw key in base64, as a key object. */
function ed25519(publicKey: string): KeyObject {
  const x = Buffer.from(publicKey, 'base64')
  if (x.length !== 32) throw new Error(`telnyx: the public key has ${x.length} bytes: it must have 32`)
  return createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: x.toString('base64url') },
    format: 'jwk',
  })
}

function isSigned(request: RawRequest, key: KeyObject): boolean {
  const signature = Buffer.from(headerOf(request, 'telnyx-signature-ed25519') ?? '', 'base64')
  const timestamp = headerOf(request, 'telnyx-timestamp') ?? ''
  const signed = Buffer.concat([Buffer.from(`${timestamp}|`), request.body])
  return signature.length === 64 && verify(null, signed, key, signature)
}
