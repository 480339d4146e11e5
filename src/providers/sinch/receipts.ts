import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { hasBasic, notAuthentic, unreadable } from '../authenticity.ts'
import { parseJson } from '../json-body.ts'
import type { DeliveryStatus, ReceiptReader } from '../receipt.ts'
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
const Other = Compile(Type.Object({ type: Type.String() }))

const statuses: Readonly<Record<string, DeliveryStatus>> = {
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

/** Delivery reports of a recipient. Nothing is signed: Basic credentials authenticate the caller. */
export function sinchReceipts(secret: { user: string; password: string }): ReceiptReader {
  return (request, now) => {
    if (!hasBasic(request, secret)) return notAuthentic('the credentials do not match')
    const json = parseJson(request.body)
    if (!Report.Check(json)) {
      const isOther = Other.Check(json) && json.type !== 'recipient_delivery_report_sms'
      return isOther ? { kind: 'receipts', receipts: [] } : unreadable('is not a delivery report')
    }
    const status = Object.hasOwn(statuses, json.status) ? statuses[json.status] : undefined
    if (!status) return { kind: 'receipts', receipts: [] }
    const reference = referenceOf(json.client_reference)
    const at = new Date(json.at ?? now)
    const receipt = {
      providerMessageId: json.batch_id,
      status,
      at: Number.isNaN(at.getTime()) ? now : at,
      ...(reference === undefined ? {} : { reference }),
      ...(json.code === 0 || json.code === 400 || json.code === 401 ? {} : { errorCode: String(json.code) }),
    }
    return { kind: 'receipts', receipts: [receipt] }
  }
}
