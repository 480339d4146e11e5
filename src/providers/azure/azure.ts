import { createHash } from 'node:crypto'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { hmac } from '../authenticity.ts'
import { httpProvider, type HttpOptions } from '../http-provider.ts'
import type { AnswerRules } from '../judge-answer.ts'
import type { SmsProvider } from '../provider.ts'
import { azureReceipts, type AzureReceiptSecret } from './receipts.ts'

export interface AzureOptions extends HttpOptions {
  /** The resource's own address, for example `https://NAME.communication.azure.com`. */
  readonly origin: string
  /** Of the resource, in base64. */
  readonly accessKey: string
  /** Sends what names no sender; Azure has no default of its own. */
  readonly defaultSender: string
  readonly receiptSecret: AzureReceiptSecret
}

const Answer = Compile(
  Type.Object({
    value: Type.Array(
      Type.Object({
        messageId: Type.Optional(Type.String({ minLength: 1 })),
        httpStatusCode: Type.Integer(),
        successful: Type.Boolean(),
      }),
      { minItems: 1, maxItems: 1 },
    ),
  }),
)
const Failed = Compile(Type.Object({ error: Type.Object({ code: Type.String() }) }))

/** A 202 carries a status of its own for the recipient. 409 and 412 are about the repeated request: unknown. */
export const azureAnswers: AnswerRules = {
  refusals: {
    202: { '400': 'message', '401': 'account', '403': 'account', '404': 'message', '429': 'pace' },
    400: { '*': 'message' },
    401: { '*': 'account' },
    403: { '*': 'account' },
    404: { '*': 'account' },
    429: { '*': 'pace', 'any body': 'pace' },
  },
  read(status, json) {
    if (status !== 202) return Failed.Check(json) ? { refusedWith: [json.error.code] } : null
    const item = Answer.Check(json) ? json.value[0] : undefined
    if (!item) return null
    if (!item.successful) return { refusedWith: [String(item.httpStatusCode)] }
    return item.messageId === undefined ? null : { acceptedAs: item.messageId }
  },
}

const PATH = '/sms?api-version=2021-03-07'
/**
 * Five minutes are documented for other APIs of the service and taken for this one; a minute less leaves room
 * for two clocks that differ.
 */
const WINDOW_MS = 4 * 60_000

/** Azure Communication Services. One recipient a request, since repeatability is each recipient's. */
export function azure(options: AzureOptions): SmsProvider {
  const { origin, accessKey, defaultSender, receiptSecret } = options
  return httpProvider(
    {
      name: 'azure',
      origin,
      protection: {
        kind: 'dedupe',
        key: 'smsRecipients[0].repeatabilityRequestId',
        windowMs: WINDOW_MS,
      },
      answers: azureAnswers,
      receipts: { kind: 'webhook', read: azureReceipts(receiptSecret) },
      compose({ messageUuid, recipient, sender, body, firstSentAtMs }) {
        const now = new Date()
        const message = JSON.stringify({
          from: sender ?? defaultSender,
          smsRecipients: [
            {
              to: recipient,
              repeatabilityRequestId: messageUuid,
              repeatabilityFirstSent: new Date(firstSentAtMs ?? now).toUTCString(),
            },
          ],
          message: body,
          smsSendOptions: { enableDeliveryReport: true, tag: messageUuid },
        })
        const headers = sign({ host: new URL(origin).host, body: message, now, accessKey })
        return { method: 'POST', path: PATH, body: message, headers }
      },
    },
    options,
  )
}

interface Signed {
  readonly host: string
  readonly body: string
  readonly now: Date
  readonly accessKey: string
}

/** The access key signs method, path, date, host and the hash of the body. */
function sign({ host, body, now, accessKey }: Signed): Record<string, string> {
  const date = now.toUTCString()
  const hash = createHash('sha256').update(body).digest('base64')
  const text = `POST\n${PATH}\n${date};${host};${hash}`
  const signature = hmac('sha256', Buffer.from(accessKey, 'base64'), text).toString('base64')
  return {
    'x-ms-date': date,
    'x-ms-content-sha256': hash,
    authorization: `HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=${signature}`,
  }
}
