import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { equalSecretly, hasBasic, headerOf, notAuthentic, unreadable } from '../authenticity.ts'
import { parseJson } from '../json-body.ts'
import type { DeliveryStatus, Receipt, ReceiptReader } from '../receipt.ts'
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

const statuses: Readonly<Record<string, DeliveryStatus>> = {
  ACCEPTED: 'accepted',
  PENDING: 'sent',
  DELIVERED: 'delivered',
  UNDELIVERABLE: 'undelivered',
  EXPIRED: 'expired',
  REJECTED: 'rejected',
}

/** Delivery reports. The secret authenticates the caller; no time is signed, so a replay is a mere repetition. */
export function infobipReceipts(secret: InfobipReceiptSecret): ReceiptReader {
  return (request, now) => {
    const isAuthentic =
      'user' in secret
        ? hasBasic(request, secret)
        : equalSecretly(headerOf(request, secret.header) ?? '', secret.token)
    if (!isAuthentic) return notAuthentic('the credentials do not match')
    const json = parseJson(request.body)
    if (!Reports.Check(json)) return unreadable('is not a delivery report')
    const receipts = json.results.flatMap(({ messageId, doneAt, callbackData, status, error }): Receipt[] => {
      // The operator has it, the handset not yet.
      const word = status.name === 'DELIVERED_TO_OPERATOR' ? 'PENDING' : status.groupName
      const known = Object.hasOwn(statuses, word) ? statuses[word] : undefined
      if (!known) return []
      const reference = referenceOf(callbackData) ?? referenceOf(messageId)
      return [
        {
          providerMessageId: messageId,
          status: known,
          at: timeOf(doneAt) ?? now,
          ...(reference === undefined ? {} : { reference }),
          ...(error === undefined || error.id === 0 ? {} : { errorCode: error.name }),
        },
      ]
    })
    return { kind: 'receipts', receipts }
  }
}

/** `2019-11-09T16:00:00.000+0100`: the colon of the offset is missing. */
function timeOf(text: string | undefined): Date | undefined {
  const at = new Date(text?.replace(/([+-]\d\d)(\d\d)$/, '$1:$2') ?? Number.NaN)
  return Number.isNaN(at.getTime()) ? undefined : at
}
