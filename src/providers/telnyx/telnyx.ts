import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { httpProvider, type HttpOptions } from '../http-provider.ts'
import type { AnswerRules } from '../judge-answer.ts'
import type { SmsProvider } from '../provider.ts'
import { receiptAddress } from '../receipt-address.ts'
import { telnyxReceipts } from './receipts.ts'

export interface TelnyxOptions extends HttpOptions {
  readonly apiKey: string
  /** Of the account's webhooks, in base64 as the portal shows it. */
  readonly publicKey: string
  /** Sends what names no sender. */
  readonly messagingProfileId?: string
  /** Public address of the receipts; the uuid is appended. Without it nothing settles a lost answer. */
  readonly receiptUrl?: string
}

const Created = Compile(
  Type.Object({
    data: Type.Object({
      id: Type.String({ minLength: 1 }),
      record_type: Type.Literal('message'),
      errors: Type.Optional(Type.Array(Type.Unknown(), { maxItems: 0 })),
    }),
  }),
)
const Failed = Compile(
  Type.Object({ errors: Type.Array(Type.Object({ code: Type.String() }), { minItems: 1 }) }),
)

/** `10007` (unexpected error) and `10008` (timed out) prove nothing under whatever status. */
export const telnyxAnswers: AnswerRules = {
  refusals: {
    400: { '*': 'message', '10007': 'unknown', '10008': 'unknown' },
    401: { '*': 'account' },
    403: { '*': 'account', '10007': 'unknown', '10008': 'unknown' },
    404: { '*': 'account' },
    422: { '*': 'message', '10007': 'unknown', '10008': 'unknown' },
    429: { '*': 'pace', 'any body': 'pace' },
  },
  read(status, json) {
    if (status === 200 && Created.Check(json)) return { acceptedAs: json.data.id }
    return Failed.Check(json) ? { refusedWith: json.errors.map(({ code }) => code) } : null
  },
}

/** Messaging API v2. No key and no look-up; a callback address per message, echoed inside the signed receipt. */
export function telnyx(options: TelnyxOptions): SmsProvider {
  const { apiKey, publicKey, messagingProfileId, receiptUrl, origin } = options
  return httpProvider(
    {
      name: 'telnyx',
      origin: origin ?? 'https://api.telnyx.com',
      protection: { kind: receiptUrl === undefined ? 'none' : 'callbackCorrelates' },
      answers: telnyxAnswers,
      receipts: { kind: 'webhook', read: telnyxReceipts(publicKey) },
      compose({ messageUuid, recipient, sender, body }) {
        const message = {
          to: recipient,
          text: body,
          type: 'SMS',
          ...(sender === null ? {} : { from: sender }),
          ...(messagingProfileId === undefined ? {} : { messaging_profile_id: messagingProfileId }),
          ...(receiptUrl === undefined
            ? {}
            : { webhook_url: receiptAddress(receiptUrl, messageUuid), use_profile_webhooks: false }),
        }
        const headers = { authorization: `Bearer ${apiKey}` }
        return { method: 'POST', path: '/v2/messages', body: JSON.stringify(message), headers }
      },
    },
    options,
  )
}
