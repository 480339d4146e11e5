import type { SendResponse, SentMessage } from '../contract/gateway-api.ts'
import type { MessageOutcome } from '../core/message-outcome.ts'
import { segmentsOf } from '../sms/segments.ts'
import type { SmsRequest } from './sms-request.ts'

/** The 202 answer, its messages in the caller's order. */
export function answerFor(request: SmsRequest, outcomes: readonly MessageOutcome[]): SendResponse {
  const byUuid = new Map(outcomes.map((outcome) => [outcome.messageUuid, outcome]))
  const segments = segmentsOf(request.body).parts.length
  const messages = Array.from(request.recipientMap, ([messageUuid, recipient]) => {
    const outcome = byUuid.get(messageUuid)
    if (!outcome) throw new Error(`request ${request.requestId}: message ${messageUuid} has no outcome`)
    return { ...toSentMessage(outcome, recipient, request.mentions.get(recipient) ?? 1), segments }
  })
  const { sendAt, validUntil } = request.terms
  return {
    request_id: request.requestId,
    mode: request.setting.mode,
    ...(sendAt === null ? {} : { send_at: sendAt }),
    ...(validUntil === null ? {} : { valid_until: validUntil }),
    messages,
  }
}

function toSentMessage(
  outcome: MessageOutcome,
  recipient: string,
  mentions: number,
): Omit<SentMessage, 'segments'> {
  const repeated = mentions > 1 ? `recipient given ${mentions} times: one message` : null
  const reason = [outcome.reason, repeated].filter((part) => part !== null).join('; ')
  return {
    message_uuid: outcome.messageUuid,
    to: recipient,
    source: outcome.source,
    status: outcome.status,
    provider_message_id: outcome.providerMessageId,
    fallback: outcome.fallback,
    ...(reason === '' ? {} : { reason }),
  }
}
