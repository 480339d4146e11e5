import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { equalSecretly, hasBasic, headerOf, notAuthentic, unreadable } from '../authenticity.ts'
import { inboundText, textsOf } from '../inbound-text.ts'
import { parseJson } from '../json-body.ts'
import { normaliseReceipts, type StatusWords } from '../normalise-receipts.ts'
import type { ReceiptReader } from '../receipt.ts'
import { referenceOf } from '../receipt-address.ts'

/** What the webhook of the account is set up with: Basic credentials, or a secret in a header of its own. */
export type InfobipReceiptSecret =
  | { readonly user: string; readonly password: string }
  /** `header`: in lower case. */
  | { readonly header: string; readonly token: string }

const Reports = Compile(
  Type.Object({
    results: Type.Array(
      Type.Object({
        messageId: Type.String({ minLength: 1 }),
        doneAt: Type.Optional(Type.String()),
        callbackData: Type.Optional(Type.String()),
        status: Type.Object({ groupName: Type.String(), name: Type.String() }),
        error: Type.Optional(Type.Object({ id: Type.Integer(), name: Type.String() })),
      }),
      { maxItems: 1_000 },
    ),
  }),
)

const Inbound = Compile(
  Type.Object({
    results: Type.Array(
      Type.Object({
        messageId: Type.String({ minLength: 1 }),
        from: Type.String(),
        to: Type.Optional(Type.String()),
        text: Type.String(),
        receivedAt: Type.Optional(Type.String()),
      }),
      { maxItems: 1_000 },
    ),
  }),
)

const statuses: StatusWords = {
  ACCEPTED: 'accepted',
  PENDING: 'sent',
  DELIVERED: 'delivered',
  UNDELIVERABLE: 'undelivered',
  EXPIRED: 'expired',
  REJECTED: 'rejected',
}

/**
 * Delivery reports, and texts of subscribers. The secret authenticates the caller; no time is signed, so a replay is a
 * mere repetition.
 */
export function infobipReceipts(secret: InfobipReceiptSecret): ReceiptReader {
  return (request, now) => {
    const isAuthentic =
      'user' in secret
        ? hasBasic(request, secret)
        : equalSecretly(headerOf(request, secret.header) ?? '', secret.token)
    if (!isAuthentic) return notAuthentic('the credentials do not match')
    const json = parseJson(request.body)
    if (!Reports.Check(json)) {
      if (!Inbound.Check(json)) return unreadable('is not a delivery report')
      const texts = json.results.map(({ messageId, from, to = null, text, receivedAt }) =>
        inboundText({ id: messageId, from, to, text, at: withColon(receivedAt) }, now),
      )
      return textsOf(texts)
    }
    const found = json.results.map(({ messageId, doneAt, callbackData, status, error }) => ({
      id: messageId,
      // The operator has it, the handset not yet.
      status: status.name === 'DELIVERED_TO_OPERATOR' ? 'PENDING' : status.groupName,
      at: withColon(doneAt),
      reference: referenceOf(callbackData) ?? referenceOf(messageId),
      errorCode: error === undefined || error.id === 0 ? undefined : error.name,
    }))
    return normaliseReceipts(found, statuses, now)
  }
}

/** `2019-11-09T16:00:00.000+0100`: the colon of the offset is missing. */
function withColon(time: string | undefined): string | undefined {
  return time?.replace(/([+-]\d\d)(\d\d)$/, '$1:$2')
}
