import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { httpProvider, notFound, type HttpOptions, type HttpVendor } from '../http-provider.ts'
import type { AnswerRules } from '../judge-answer.ts'
import type { SmsProvider } from '../provider.ts'
import { sinchReceipts } from './receipts.ts'

export interface SinchOptions extends HttpOptions {
  readonly servicePlanId: string
  readonly apiToken: string
  /** `us` or `eu`; names the public address. */
  readonly region?: 'us' | 'eu'
  /** Basic credentials Sinch calls back with. */
  readonly receiptSecret: { readonly user: string; readonly password: string }
  readonly receiptUrl?: string
}

const Batch = Type.Object({
  id: Type.String({ minLength: 1 }),
  client_reference: Type.Optional(Type.String()),
})
const Created = Compile(Batch)
const Failed = Compile(Type.Object({ code: Type.String(), text: Type.String() }))
const Batches = Compile(Type.Object({ batches: Type.Array(Batch) }))

export const sinchAnswers: AnswerRules = {
  refusals: {
    400: { '*': 'message' },
    401: { '*': 'account', 'any body': 'account' },
    403: { '*': 'account' },
    404: { '*': 'account' },
    429: { '*': 'pace', 'any body': 'pace' },
  },
  read(status, json) {
    if (status === 201 && Created.Check(json)) return { acceptedAs: json.id }
    return Failed.Check(json) ? { refusedWith: [json.code] } : null
  },
}

/** SMS REST API: a batch of one. `client_reference` is searched and echoed. */
export function sinch(options: SinchOptions): SmsProvider {
  const { servicePlanId, apiToken, region = 'us', receiptSecret, receiptUrl, origin } = options
  const path = `/xms/v1/${servicePlanId}/batches`
  const headers = { authorization: `Bearer ${apiToken}` }
  return httpProvider(
    {
      name: 'sinch',
      origin: origin ?? `https://${region}.sms.api.sinch.com`,
      protection: lookUpAt(path, headers),
      answers: sinchAnswers,
      receipts: { kind: 'webhook', read: sinchReceipts(receiptSecret) },
      compose({ messageUuid, recipient, sender, body }) {
        const batch = {
          to: [recipient],
          body,
          type: 'mt_text',
          delivery_report: 'per_recipient',
          client_reference: messageUuid,
          ...(sender === null ? {} : { from: sender }),
          ...(receiptUrl === undefined ? {} : { callback_url: receiptUrl }),
        }
        return { method: 'POST', path, body: JSON.stringify(batch), headers }
      },
    },
    options,
  )
}

const MARGIN_MS = 60_000

/** Without a `start_date` only the last 24 h are searched. */
function lookUpAt(path: string, headers: Readonly<Record<string, string>>): HttpVendor['protection'] {
  return {
    kind: 'lookupByReference',
    keptMs: 14 * 24 * 3_600_000,
    async lookUp(get, { messageUuid, sentAtMs }) {
      const query = new URLSearchParams({
        client_reference: messageUuid,
        start_date: new Date(sentAtMs - MARGIN_MS).toISOString(),
      })
      const json = await get({ method: 'GET', path: `${path}?${query.toString()}`, headers })
      if (!Batches.Check(json)) return { kind: 'proves_nothing', reason: 'the look-up was not answered' }
      const batch = json.batches.find(({ client_reference }) => client_reference === messageUuid)
      return batch ? { kind: 'sent', providerMessageId: batch.id } : notFound
    },
  }
}
