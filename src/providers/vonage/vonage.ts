import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { encodingOf } from '../../sms/encoding.ts'
import { basic, form, httpProvider, notFound, type HttpOptions, type HttpVendor } from '../http-provider.ts'
import type { AnswerRules } from '../judge-answer.ts'
import type { SmsProvider } from '../provider.ts'
import { vonageReceipts, type VonageSignature } from './receipts.ts'

export interface VonageOptions extends HttpOptions {
  readonly apiKey: string
  readonly apiSecret: string
  /** Signs receipts; the account must have signed webhooks switched on, since Vonage sends them unsigned by default. */
  readonly signature: VonageSignature
  readonly receiptUrl?: string
  /** Where the Reports API is, instead of its public address. */
  readonly reportsOrigin?: string
}

const Answer = Compile(
  Type.Object({
    messages: Type.Array(
      Type.Object({ status: Type.String(), 'message-id': Type.Optional(Type.String({ minLength: 1 })) }),
      { minItems: 1 },
    ),
  }),
)
const Records = Compile(
  Type.Object({
    records: Type.Array(
      Type.Object({
        message_id: Type.String({ minLength: 1 }),
        client_ref: Type.Union([Type.String(), Type.Null()]),
      }),
    ),
  }),
)

/**
 * Everything is said in a 200, part by part. `5` (internal error) is absent: it may come after sending. Where
 * some parts were taken and some not, nothing is proven: the text has gone in pieces.
 */
export const vonageAnswers: AnswerRules = {
  refusals: {
    200: {
      '1': 'pace',
      '2': 'message',
      '3': 'message',
      '4': 'account',
      '6': 'message',
      '7': 'message',
      '8': 'account',
      '9': 'account',
      '10': 'pace',
      '11': 'account',
      '12': 'message',
      '14': 'account',
      '15': 'account',
      '22': 'message',
      '23': 'message',
      '29': 'account',
      '32': 'account',
      '33': 'message',
    },
    429: { 'any body': 'pace' },
  },
  read(status, json) {
    if (status !== 200 || !Answer.Check(json)) return null
    const refused = json.messages.filter((part) => part.status !== '0')
    if (refused.length === json.messages.length) return { refusedWith: refused.map((part) => part.status) }
    const id = json.messages[0]?.['message-id']
    return refused.length === 0 && id !== undefined ? { acceptedAs: id } : null
  },
}

/** SMS API. `client-ref` is echoed in receipts and searched by the Reports API. */
export function vonage(options: VonageOptions): SmsProvider {
  const { apiKey, apiSecret, signature, receiptUrl, origin } = options
  return httpProvider(
    {
      name: 'vonage',
      origin: origin ?? 'https://rest.nexmo.com',
      protection: lookUpIn(options),
      answers: vonageAnswers,
      receipts: { kind: 'webhook', read: vonageReceipts({ apiKey, signature }) },
      compose({ messageUuid, recipient, sender, body }) {
        const fields = form({
          api_key: apiKey,
          api_secret: apiSecret,
          to: recipient.replace('+', ''),
          from: sender?.replace('+', ''),
          text: body,
          type: encodingOf(body) === 'ucs2' ? 'unicode' : 'text',
          'client-ref': messageUuid,
          callback: receiptUrl,
        })
        return { method: 'POST', path: '/sms/json', ...fields }
      },
    },
    options,
  )
}

const MARGIN_MS = 60_000

function lookUpIn({ apiKey, apiSecret, reportsOrigin }: VonageOptions): HttpVendor['protection'] {
  return {
    kind: 'lookupByReference',
    keptMs: 30 * 24 * 3_600_000,
    lookUpOrigin: reportsOrigin ?? 'https://api.nexmo.com',
    async lookUp(get, { messageUuid, sentAtMs }) {
      const query = new URLSearchParams({
        account_id: apiKey,
        product: 'SMS',
        direction: 'outbound',
        client_ref: messageUuid,
        date_start: new Date(sentAtMs - MARGIN_MS).toISOString(),
        date_end: new Date().toISOString(),
      })
      const headers = { authorization: basic(apiKey, apiSecret) }
      const json = await get({ method: 'GET', path: `/v2/reports/records?${query.toString()}`, headers })
      if (!Records.Check(json)) return { kind: 'proves_nothing', reason: 'the look-up was not answered' }
      const record = json.records.find(({ client_ref }) => client_ref === messageUuid)
      return record ? { kind: 'sent', providerMessageId: record.message_id } : notFound
    },
  }
}
