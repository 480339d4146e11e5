import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { equalSecretly, headerOf, notAuthentic, unreadable } from '../authenticity.ts'
import { inboundText, textsOf, type VendorText } from '../inbound-text.ts'
import { parseJson } from '../json-body.ts'
import { normaliseReceipts, type StatusWords, type VendorReceipt } from '../normalise-receipts.ts'
import type { ReceiptReader } from '../receipt.ts'
import { referenceOf } from '../receipt-address.ts'

/** A header with a secret, set as a delivery property of the event subscription. `header`: in lower case. */
export interface AzureReceiptSecret {
  readonly header: string
  readonly token: string
}

const Events = Compile(
  Type.Array(Type.Object({ eventType: Type.String(), data: Type.Unknown() }), { maxItems: 5_000 }),
)
const Validation = Compile(Type.Object({ validationCode: Type.String() }))
const Report = Compile(
  Type.Object({
    messageId: Type.String({ minLength: 1 }),
    deliveryStatus: Type.String(),
    receivedTimestamp: Type.Optional(Type.String()),
    tag: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  }),
)

const Inbound = Compile(
  Type.Object({
    messageId: Type.String({ minLength: 1 }),
    from: Type.String(),
    to: Type.String(),
    message: Type.String(),
    receivedTimestamp: Type.Optional(Type.String()),
  }),
)

const VALIDATION = 'Microsoft.EventGrid.SubscriptionValidationEvent'
const REPORT = 'Microsoft.Communication.SMSDeliveryReportReceived'
const RECEIVED = 'Microsoft.Communication.SMSReceived'
const statuses: StatusWords = {
  Delivered: 'delivered',
  Failed: 'undelivered',
  Sent: 'sent',
  Unknown: 'sent',
}

/** Event Grid signs nothing: a secret header authenticates the caller, and a replay is a mere repetition. */
export function azureReceipts({ header, token }: AzureReceiptSecret): ReceiptReader {
  return (request, now) => {
    if (!equalSecretly(headerOf(request, header) ?? '', token)) {
      return notAuthentic(`${header} does not match`)
    }
    const events = parseJson(request.body)
    if (!Events.Check(events)) return unreadable('is not a list of events')
    const found: VendorReceipt[] = []
    const written: VendorText[] = []
    for (const { eventType, data } of events) {
      if (eventType === VALIDATION && Validation.Check(data)) {
        return { kind: 'handshake', reply: JSON.stringify({ validationResponse: data.validationCode }) }
      }
      if (eventType === RECEIVED && Inbound.Check(data)) {
        const { messageId: id, from, to, message: text, receivedTimestamp: at } = data
        written.push({ id, from, to, text, at })
      }
      if (eventType !== REPORT) continue
      if (!Report.Check(data)) return unreadable(`${REPORT} without messageId or deliveryStatus`)
      found.push({
        id: data.messageId,
        status: data.deliveryStatus,
        at: data.receivedTimestamp,
        reference: referenceOf(data.tag),
        errorCode: data.deliveryStatus === 'Failed' ? 'Failed' : undefined,
      })
    }
    const reading = normaliseReceipts(found, statuses, now)
    if (written.length === 0) return reading
    return { ...textsOf(written.map((text) => inboundText(text, now))), receipts: reading.receipts }
  }
}
