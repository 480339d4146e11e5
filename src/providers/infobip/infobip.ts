import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { httpProvider, notFound, type HttpOptions, type HttpVendor } from '../http-provider.ts'
import type { AnswerReading, AnswerRules } from '../judge-answer.ts'
import type { SmsProvider } from '../provider.ts'
import { infobipReceipts, type InfobipReceiptSecret } from './receipts.ts'

export interface InfobipOptions extends HttpOptions {
  /** The account's own address; Infobip has no common one. */
  readonly origin: string
  readonly apiKey: string
  readonly receiptSecret: InfobipReceiptSecret
  readonly receiptUrl?: string
}

const Answer = Compile(
  Type.Object({
    messages: Type.Array(
      Type.Object({
        messageId: Type.String({ minLength: 1 }),
        status: Type.Object({ groupName: Type.String(), name: Type.String() }),
      }),
      { minItems: 1, maxItems: 1 },
    ),
  }),
)
const ApiError = Compile(Type.Object({ errorCode: Type.String() }))
const ApiException = Compile(
  Type.Object({
    requestError: Type.Object({ serviceException: Type.Object({ messageId: Type.String() }) }),
  }),
)
const Logs = Compile(
  Type.Object({
    results: Type.Array(
      Type.Object({
        messageId: Type.String({ minLength: 1 }),
        status: Type.Object({ groupName: Type.String() }),
      }),
    ),
  }),
)

const taken = new Set(['ACCEPTED', 'PENDING', 'DELIVERED', 'UNDELIVERABLE', 'EXPIRED'])

/**
 * A 200 carries a status of each message; of the group REJECTED only what the platform itself refuses is proof.
 * `REJECTED_DUPLICATE_MESSAGE_ID` says that an earlier request with this very id was taken.
 */
export const infobipAnswers: AnswerRules = {
  refusals: {
    200: {
      REJECTED_NETWORK: 'message',
      REJECTED_PREFIX_MISSING: 'message',
      REJECTED_DND: 'message',
      REJECTED_SOURCE: 'account',
      REJECTED_NOT_ENOUGH_CREDITS: 'account',
      REJECTED_SENDER: 'account',
      REJECTED_DESTINATION: 'message',
      REJECTED_DESTINATION_BLOCKLISTED: 'message',
      REJECTED_PREPAID_PACKAGE_EXPIRED: 'account',
      REJECTED_DESTINATION_NOT_REGISTERED: 'account',
      REJECTED_ROUTE_NOT_AVAILABLE: 'account',
      REJECTED_FLOODING_FILTER: 'message',
      REJECTED_INVALID_DESTINATION: 'message',
      REJECTED_INVALID_UDH: 'message',
      REJECTED_MESSAGE_TOO_LONG: 'message',
      MISSING_TO: 'message',
      MISSING_TEXT: 'message',
    },
    400: { '*': 'message' },
    401: { '*': 'account' },
    403: { '*': 'account' },
    429: { '*': 'pace', 'any body': 'pace' },
  },
  read(status, json): AnswerReading {
    if (status === 200) return Answer.Check(json) ? readMessage(json.messages[0]) : null
    if (ApiError.Check(json)) return { refusedWith: [json.errorCode] }
    if (ApiException.Check(json)) return { refusedWith: [json.requestError.serviceException.messageId] }
    return null
  },
}

function readMessage(
  message: { messageId: string; status: { groupName: string; name: string } } | undefined,
): AnswerReading {
  if (!message) return null
  const { messageId, status } = message
  if (taken.has(status.groupName) || status.name === 'REJECTED_DUPLICATE_MESSAGE_ID') {
    return { acceptedAs: messageId }
  }
  return { refusedWith: [status.name] }
}

/** SMS API v3. The message's id at Infobip is our uuid, so receipts and logs name it in any case. */
export function infobip(options: InfobipOptions): SmsProvider {
  const { origin, apiKey, receiptSecret, receiptUrl } = options
  const authorization = `App ${apiKey}`
  return httpProvider(
    {
      name: 'infobip',
      origin,
      protection: lookUpWith(authorization),
      answers: infobipAnswers,
      receipts: { kind: 'webhook', read: infobipReceipts(receiptSecret) },
      compose({ messageUuid, recipient, sender, body }) {
        const message = {
          ...(sender === null ? {} : { sender }),
          destinations: [{ to: recipient.replace('+', ''), messageId: messageUuid }],
          content: { text: body },
          webhooks: {
            ...(receiptUrl === undefined ? {} : { delivery: { url: receiptUrl } }),
            contentType: 'application/json',
            callbackData: messageUuid,
          },
        }
        const headers = { authorization, accept: 'application/json' }
        return {
          method: 'POST',
          path: '/sms/3/messages',
          body: JSON.stringify({ messages: [message] }),
          headers,
        }
      },
    },
    options,
  )
}

/** By the logs. Never by `/reports`, which hands out each report once and so takes it from whoever waits for it. */
function lookUpWith(authorization: string): HttpVendor['protection'] {
  return {
    kind: 'lookupByReference',
    keptMs: 48 * 3_600_000,
    async lookUp(get, { messageUuid }) {
      const query = new URLSearchParams({ messageId: messageUuid })
      const headers = { authorization, accept: 'application/json' }
      const json = await get({ method: 'GET', path: `/sms/3/logs?${query.toString()}`, headers })
      if (!Logs.Check(json)) return { kind: 'proves_nothing', reason: 'the look-up was not answered' }
      const found = json.results.filter(({ messageId }) => messageId === messageUuid)
      if (found.some(({ status }) => taken.has(status.groupName))) {
        return { kind: 'sent', providerMessageId: messageUuid }
      }
      return found.length === 0 ? notFound : { kind: 'proves_nothing', reason: 'the vendor rejected it' }
    },
  }
}
