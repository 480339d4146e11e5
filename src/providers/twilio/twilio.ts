import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { basic, form, httpProvider, type HttpOptions } from '../http-provider.ts'
import type { AnswerRules } from '../judge-answer.ts'
import type { SmsProvider } from '../provider.ts'
import { receiptAddress } from '../receipt-address.ts'
import { twilioReceipts } from './receipts.ts'

export interface TwilioOptions extends HttpOptions {
  readonly accountSid: string
  /** Signs receipts; also sends, unless an API key does. */
  readonly authToken: string
  readonly apiKey?: { readonly sid: string; readonly secret: string }
  /** Sends what names no sender. */
  readonly messagingServiceSid?: string
  /** Public address of the receipts; the uuid is appended. Without it nothing settles a lost answer. */
  readonly receiptUrl?: string
}

const Created = Compile(
  Type.Object({ sid: Type.String({ pattern: '^(SM|MM)[0-9a-f]{32}$' }), status: Type.String() }),
)
const Failed = Compile(Type.Object({ code: Type.Integer(), status: Type.Integer() }))

/** Twilio answers 4xx in its envelope before a message resource exists. */
export const twilioAnswers: AnswerRules = {
  refusals: {
    400: { '*': 'message', '21408': 'account', '21606': 'account', '21611': 'pace', '21612': 'account' },
    401: { '*': 'account' },
    403: { '*': 'account' },
    404: { '*': 'account' },
    429: { '*': 'pace', 'any body': 'pace' },
  },
  read(status, json) {
    if (status === 201 && Created.Check(json)) return { acceptedAs: json.sid }
    if (Failed.Check(json) && json.status === status) return { refusedWith: [String(json.code)] }
    return null
  },
}

/** Programmable Messaging. No key and no look-up: a callback address per message reveals what a lost answer held. */
export function twilio(options: TwilioOptions): SmsProvider {
  const { accountSid, authToken, apiKey, messagingServiceSid, receiptUrl, origin } = options
  const authorization = apiKey ? basic(apiKey.sid, apiKey.secret) : basic(accountSid, authToken)
  return httpProvider(
    {
      name: 'twilio',
      origin: origin ?? 'https://api.twilio.com',
      protection: { kind: receiptUrl === undefined ? 'none' : 'callbackCorrelates' },
      answers: twilioAnswers,
      receipts: { kind: 'webhook', read: twilioReceipts({ accountSid, authToken }) },
      compose({ messageUuid, recipient, sender, body }) {
        const fields = form({
          To: recipient,
          From: sender ?? undefined,
          MessagingServiceSid: sender === null ? messagingServiceSid : undefined,
          Body: body,
          StatusCallback: receiptUrl === undefined ? undefined : receiptAddress(receiptUrl, messageUuid),
        })
        return {
          method: 'POST',
          path: `/2010-04-01/Accounts/${accountSid}/Messages.json`,
          body: fields.body,
          headers: { ...fields.headers, authorization },
        }
      },
    },
    options,
  )
}
