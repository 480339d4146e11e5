import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { equalSecretly, headerOf, hmac, isRecent, notAuthentic, unreadable } from '../authenticity.ts'
import { parseJson } from '../json-body.ts'
import { noReceipts, normaliseReceipts, type StatusWords } from '../normalise-receipts.ts'
import type { RawRequest, ReceiptReader } from '../receipt.ts'
import { referenceOf } from '../receipt-address.ts'

/** Name of the tag that holds the uuid. */
export const MESSAGE_TAG = 'message_uuid'

const Event = Compile(
  Type.Object({ type: Type.String(), timestamp: Type.Optional(Type.String()), data: Type.Unknown() }),
)
const Sms = Compile(
  Type.Object({
    sms_id: Type.String({ minLength: 1 }),
    tags: Type.Optional(
      Type.Union([Type.Array(Type.Object({ name: Type.String(), value: Type.String() })), Type.Null()]),
    ),
    error: Type.Optional(Type.Union([Type.Object({ code: Type.String() }), Type.Null()])),
  }),
)

const statuses: StatusWords = {
  'sms.accepted': 'accepted',
  'sms.sent': 'sent',
  'sms.delivered': 'delivered',
  'sms.undelivered': 'undelivered',
  'sms.failed': 'undelivered',
  'sms.expired': 'expired',
  'sms.rejected': 'rejected',
}

/** Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`. */
export function birdReceipts(webhookSecret: string): ReceiptReader {
  const key = Buffer.from(webhookSecret.replace(/^whsec_/, ''), 'base64')
  if (key.length < 16) throw new Error('bird: the webhook secret is too short: it must be whsec_ and base64')
  return (request, now) => {
    if (!isRecent(headerOf(request, 'webhook-timestamp'), now)) {
      return notAuthentic('webhook-timestamp is outside the window')
    }
    if (!isSigned(request, key)) return notAuthentic('webhook-signature does not match')
    const event = parseJson(request.body)
    if (!Event.Check(event)) return unreadable('is not an event')
    if (!Object.hasOwn(statuses, event.type)) return noReceipts
    if (!Sms.Check(event.data)) return unreadable(`${event.type} without sms_id`)
    const { sms_id, tags, error } = event.data
    const found = {
      id: sms_id,
      status: event.type,
      at: event.timestamp,
      reference: referenceOf(tags?.find(({ name }) => name === MESSAGE_TAG)?.value),
      errorCode: error?.code,
    }
    return normaliseReceipts([found], statuses, now)
  }
}

/** During a rotation the header holds a signature for each secret. */
function isSigned(request: RawRequest, key: Uint8Array): boolean {
  const id = headerOf(request, 'webhook-id') ?? ''
  const timestamp = headerOf(request, 'webhook-timestamp') ?? ''
  const expected = `v1,${hmac('sha256', key, `${id}.${timestamp}.`, request.body).toString('base64')}`
  const given = headerOf(request, 'webhook-signature') ?? ''
  return id !== '' && given.split(' ', 8).some((one) => equalSecretly(one, expected))
}
