import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { hasBasic, notAuthentic, unreadable } from '../authenticity.ts'
import { inboundText, textsOf } from '../inbound-text.ts'
import { parseJson } from '../json-body.ts'
import { noReceipts, normaliseReceipts, type StatusWords } from '../normalise-receipts.ts'
import type { ReceiptReader } from '../receipt.ts'
import { referenceOf } from '../receipt-address.ts'

const Report = Compile(
  Type.Object({
    type: Type.Literal('recipient_delivery_report_sms'),
    batch_id: Type.String({ minLength: 1 }),
    status: Type.String(),
    code: Type.Integer(),
    at: Type.Optional(Type.String()),
    client_reference: Type.Optional(Type.String()),
  }),
)
const Inbound = Compile(
  Type.Object({
    type: Type.Literal('mo_text'),
    id: Type.String({ minLength: 1 }),
    from: Type.String(),
    to: Type.String(),
    body: Type.String(),
    received_at: Type.Optional(Type.String()),
  }),
)
const Other = Compile(Type.Object({ type: Type.String() }))

const statuses: StatusWords = {
  Queued: 'accepted',
  Dispatched: 'sent',
  Delivered: 'delivered',
  Failed: 'undelivered',
  Expired: 'expired',
  Aborted: 'rejected',
  Rejected: 'rejected',
  Cancelled: 'rejected',
  Deleted: 'rejected',
  Unknown: 'sent',
}

/** Delivered, queued, dispatched. */
const NO_ERROR = new Set([0, 400, 401])

/** Delivery reports of a recipient, and texts of subscribers. Nothing is signed: Basic credentials authenticate the caller. */
export function sinchReceipts(secret: { user: string; password: string }): ReceiptReader {
  return (request, now) => {
    if (!hasBasic(request, secret)) return notAuthentic('the credentials do not match')
    const json = parseJson(request.body)
    if (Inbound.Check(json)) {
      const { id, from, to, body: text, received_at: at } = json
      return textsOf([inboundText({ id, from, to, text, at }, now)])
    }
    if (!Report.Check(json)) {
      const isOther = Other.Check(json) && json.type !== 'recipient_delivery_report_sms'
      return isOther ? noReceipts : unreadable('is not a delivery report')
    }
    const found = {
      id: json.batch_id,
      status: json.status,
      at: json.at,
      reference: referenceOf(json.client_reference),
      errorCode: NO_ERROR.has(json.code) ? undefined : String(json.code),
    }
    return normaliseReceipts([found], statuses, now)
  }
}
