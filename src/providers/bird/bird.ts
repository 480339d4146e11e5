import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { httpProvider, notFound, type HttpOptions, type HttpVendor } from '../http-provider.ts'
import type { AnswerRules } from '../judge-answer.ts'
import type { SmsProvider } from '../provider.ts'
import { birdReceipts, MESSAGE_TAG } from './receipts.ts'

export interface BirdOptions extends HttpOptions {
  /** `bk_REGION_...`; the region names the public address. */
  readonly apiKey: string
  readonly category: 'authentication' | 'transactional' | 'marketing' | 'service'
  /** Of the webhook, `whsec_...`. */
  readonly webhookSecret: string
}

const Accepted = Compile(Type.Object({ id: Type.String({ minLength: 1 }), status: Type.String() }))
const Code = Type.Object({ code: Type.String() })
const Failed = Compile(Type.Union([Type.Object({ error: Code }), Code]))
const Listed = Compile(
  Type.Object({
    data: Type.Array(
      Type.Object({
        id: Type.String({ minLength: 1 }),
        status: Type.Optional(Type.String()),
        tags: Type.Optional(
          Type.Union([Type.Array(Type.Object({ name: Type.String(), value: Type.String() })), Type.Null()]),
        ),
      }),
    ),
  }),
)

/** `E01033`: the key could not be checked, so the request was not executed. 409 is about the key: unknown. */
export const birdAnswers: AnswerRules = {
  refusals: {
    400: { '*': 'message' },
    401: { '*': 'account' },
    402: { '*': 'account' },
    403: { '*': 'account' },
    404: { '*': 'account' },
    422: { '*': 'message' },
    429: { '*': 'pace', 'any body': 'pace' },
    503: { E01033: 'pace' },
  },
  read(status, json) {
    if (status === 202 && Accepted.Check(json)) return { acceptedAs: json.id }
    if (!Failed.Check(json)) return null
    return { refusedWith: ['error' in json ? json.error.code : json.code] }
  },
}

/**
 * Bird's SMS API. It takes an `Idempotency-Key` and says itself that an operation whose effect came before its
 * answer was kept can be executed again; so the key is sent, and a replay is never made. A tag finds the message.
 */
export function bird(options: BirdOptions): SmsProvider {
  const { apiKey, category, webhookSecret, origin } = options
  const authorization = `Bearer ${apiKey}`
  return httpProvider(
    {
      name: 'bird',
      origin: origin ?? `https://${regionOf(apiKey)}.platform.bird.com`,
      protection: lookUpWith(authorization),
      answers: birdAnswers,
      receipts: { kind: 'webhook', read: birdReceipts(webhookSecret) },
      compose({ messageUuid, recipient, sender, body }) {
        const message = {
          to: recipient,
          ...(sender === null ? {} : { from: sender }),
          text: body,
          category,
          tags: [{ name: MESSAGE_TAG, value: messageUuid }],
        }
        const headers = { authorization, 'idempotency-key': messageUuid }
        return { method: 'POST', path: '/v1/sms/messages', body: JSON.stringify(message), headers }
      },
    },
    options,
  )
}

function regionOf(apiKey: string): string {
  const region = /^bk_([a-z0-9]+)_/.exec(apiKey)?.[1]
  if (region === undefined) throw new Error('bird: the API key names no region: give the origin')
  return region
}

function lookUpWith(authorization: string): HttpVendor['protection'] {
  return {
    kind: 'lookupByReference',
    keptMs: 7 * 24 * 3_600_000,
    async lookUp(get, { messageUuid }) {
      const query = new URLSearchParams({ direction: 'outbound', tag: `${MESSAGE_TAG}:${messageUuid}` })
      const headers = { authorization }
      const json = await get({ method: 'GET', path: `/v1/sms/messages?${query.toString()}`, headers })
      if (!Listed.Check(json)) return { kind: 'proves_nothing', reason: 'the look-up was not answered' }
      const message = json.data.find(({ tags }) =>
        tags?.some(({ name, value }) => name === MESSAGE_TAG && value === messageUuid),
      )
      return message ? { kind: 'sent', providerMessageId: message.id } : notFound
    },
  }
}
