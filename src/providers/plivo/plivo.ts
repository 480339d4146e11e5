import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { basic, httpProvider, type HttpOptions } from '../http-provider.ts'
import type { AnswerRules } from '../judge-answer.ts'
import type { SmsProvider } from '../provider.ts'
import { receiptAddress } from '../receipt-address.ts'
import { plivoReceipts } from './receipts.ts'

export interface PlivoOptions extends HttpOptions {
  readonly authId: string
  /** Also signs receipts. */
  readonly authToken: string
  /** Sends what names no sender. */
  readonly powerpackUuid?: string
  /** Public address of the receipts; the uuid is appended. Without it nothing settles a lost answer. */
  readonly receiptUrl?: string
  /** Takes receipts signed in the older way; see {@link plivoReceipts} for what that proves. */
  readonly acceptsV2?: boolean
}

const Queued = Compile(
  Type.Object({
    message_uuid: Type.Array(Type.String({ minLength: 1 }), { minItems: 1, maxItems: 1 }),
  }),
)
const Failed = Compile(Type.Object({ api_id: Type.String(), error: Type.Unknown() }))

/** Errors carry prose and no code, so the status decides, once the envelope is Plivo's. */
export const plivoAnswers: AnswerRules = {
  refusals: {
    400: { '*': 'message' },
    401: { '*': 'account' },
    402: { '*': 'account' },
    404: { '*': 'account' },
    429: { '*': 'pace', 'any body': 'pace' },
  },
  read(status, json) {
    const id = status === 202 && Queued.Check(json) ? json.message_uuid[0] : undefined
    if (id !== undefined) return { acceptedAs: id }
    return Failed.Check(json) ? { refusedWith: [String(status)] } : null
  },
}

export function plivo(options: PlivoOptions): SmsProvider {
  const { authId, authToken, powerpackUuid, receiptUrl, acceptsV2 = false, origin } = options
  return httpProvider(
    {
      name: 'plivo',
      origin: origin ?? 'https://api.plivo.com',
      protection: { kind: receiptUrl === undefined ? 'none' : 'callbackCorrelates' },
      answers: plivoAnswers,
      receipts: { kind: 'webhook', read: plivoReceipts({ authToken, acceptsV2 }) },
      compose({ messageUuid, recipient, sender, body }) {
        const message = {
          dst: recipient.replace('+', ''),
          text: body,
          type: 'sms',
          ...(sender === null ? { powerpack_uuid: powerpackUuid } : { src: sender.replace('+', '') }),
          ...(receiptUrl === undefined
            ? {}
            : { url: receiptAddress(receiptUrl, messageUuid), method: 'POST' }),
        }
        return {
          method: 'POST',
          path: `/v1/Account/${authId}/Message/`,
          body: JSON.stringify(message),
          headers: { authorization: basic(authId, authToken) },
        }
      },
    },
    options,
  )
}
