import { equalSecretly, headerOf, hmac, notAuthentic, unreadable } from '../authenticity.ts'
import { inboundText, textsOf } from '../inbound-text.ts'
import { parseForm } from '../json-body.ts'
import { normaliseReceipts, type StatusWords } from '../normalise-receipts.ts'
import type { ReceiptReader } from '../receipt.ts'
import { addressedMessage } from '../receipt-address.ts'

/** What a subscriber wrote has a status of its own, `received`, and is no receipt. */
const statuses: StatusWords = {
  accepted: 'accepted',
  scheduled: 'accepted',
  queued: 'accepted',
  sending: 'accepted',
  sent: 'sent',
  delivered: 'delivered',
  read: 'delivered',
  partially_delivered: 'sent',
  undelivered: 'undelivered',
  failed: 'undelivered',
  canceled: 'rejected',
}

/**
 * Status callbacks, and texts of subscribers. `X-Twilio-Signature` covers the URL and every parameter, but no time: a replay cannot be
 * told from a repetition, and has no effect because a status only moves forward.
 */
export function twilioReceipts(secrets: { accountSid: string; authToken: string }): ReceiptReader {
  return (request, now) => {
    const fields = parseForm(request.body)
    if (!fields) return notAuthentic('a parameter stands twice')
    const signed = Object.keys(fields)
      .sort()
      .map((name) => `${name}${fields[name]}`)
    const expected = hmac('sha1', secrets.authToken, request.url, ...signed).toString('base64')
    if (!equalSecretly(headerOf(request, 'x-twilio-signature') ?? '', expected)) {
      return notAuthentic('X-Twilio-Signature does not match')
    }
    const { MessageSid, MessageStatus = fields['SmsStatus'], AccountSid, ErrorCode } = fields
    if (AccountSid !== secrets.accountSid) return notAuthentic('is for another account')
    const { From, To, Body } = fields
    if (MessageSid && MessageStatus === 'received' && From !== undefined && Body !== undefined) {
      return textsOf([inboundText({ id: MessageSid, from: From, to: To ?? null, text: Body }, now)])
    }
    if (!MessageSid || !MessageStatus) return unreadable('MessageSid or MessageStatus is missing')
    const reference = addressedMessage(request.url)
    const found = { id: MessageSid, status: MessageStatus, reference, errorCode: ErrorCode }
    return normaliseReceipts([found], statuses, now)
  }
}
