import smpp, { type Pdu } from 'smpp'
import type { Permit } from '../../authority/permit.ts'
import { segmentsOf, SEGMENTS_MAX } from '../../sms/segments.ts'
import type { Blame, OutgoingMessage, SendResult, SmsProvider } from '../provider.ts'
import type { ReceiptSink, TextSink } from '../receipt.ts'
import { ESME_ROK, refusedStatuses, statusText } from './command-status.ts'
import type { Conversation, Reply } from './conversation.ts'
import type { IdForms } from './delivery-receipt.ts'
import { answerRequests } from './inbound.ts'
import { openLink, type LinkOptions } from './link.ts'
import { canonicalMessageId } from './message-id.ts'
import { submitsOf, type LongTexts, type SubmitFields } from './submit.ts'
import { createWindow } from './window.ts'

export interface SmppOptions extends LinkOptions {
  readonly name: string
  /** From the call to the answer to the last part, waiting for the link and the window included. */
  readonly timeoutMs: number
  /** Submits that wait for their answers at a time. */
  readonly windowMax: number
  /** One bind for both ways, or one for each, as older centres want it. */
  readonly binds: 'transceiver' | 'separate'
  readonly longTexts: LongTexts
  readonly idForms: IdForms
  /** Pause after a refused pace: the protocol has no field for it. */
  readonly throttledMs: number
  /** Statuses of the vendor's own that refuse before taking, by number. */
  readonly refusals?: Readonly<Record<number, Blame>>
  /** Must be idempotent: centres repeat receipts. */
  readonly onReceipt: ReceiptSink
  readonly onText: TextSink
  /** What came in and could not be used, without its content. */
  readonly onProblem: (problem: string) => void
}

/** Waiting for a place beyond these would only time out. */
const QUEUE_PER_PLACE = 10
/** Of the deadline: the rest is the answer's. A submit begun with no time left would only end in doubt. */
const WAITING_SHARE = 0.75

/**
 * SMPP 3.4. The protocol has no key and finds nothing by a reference of ours: a lost
 * submit_sm_resp stays in doubt, unless the answer comes late over the same connection; then it is passed on as
 * a receipt that names the message.
 */
export function smppProvider(options: SmppOptions): SmsProvider {
  const { name, timeoutMs, windowMax, longTexts, idForms, onReceipt, onText, onProblem } = options
  const inbound = answerRequests({ idForms, onReceipt, onText, onProblem })
  const isSeparate = options.binds === 'separate'
  const link = openLink(options, isSeparate ? 'bind_transmitter' : 'bind_transceiver', inbound)
  const receiver = isSeparate ? openLink(options, 'bind_receiver', inbound) : undefined
  const window = createWindow(windowMax, windowMax * QUEUE_PER_PLACE)
  let reference = 0

  async function submit(
    conversation: Conversation,
    fields: SubmitFields,
    endsAtMs: number,
    onLate?: (pdu: Pdu) => void,
  ): Promise<Reply> {
    const waitsUntilMs = endsAtMs - timeoutMs * (1 - WAITING_SHARE)
    const leave = await window.enter(Math.max(waitsUntilMs - performance.now(), 0))
    if (!leave) return { kind: 'not_written' }
    try {
      const leftMs = endsAtMs - performance.now()
      if (leftMs <= 0) return { kind: 'not_written' }
      return await conversation.request(new smpp.PDU('submit_sm', fields), leftMs, onLate)
    } finally {
      leave()
    }
  }

  function passOn(messageUuid: string): (pdu: Pdu) => void {
    return ({ command_status, message_id }) => {
      if (command_status !== ESME_ROK || !message_id) return
      const providerMessageId = canonicalMessageId(message_id, idForms.submit)
      const receipt = {
        providerMessageId,
        reference: messageUuid,
        status: 'accepted',
        at: new Date(),
      } as const
      onReceipt(receipt).catch(() => onProblem('a late answer could not be stored'))
    }
  }

  async function send(permit: Permit, message: OutgoingMessage): Promise<SendResult> {
    permit.spend(message.messageUuid)
    const endsAtMs = performance.now() + timeoutMs
    if (segmentsOf(message.body).parts.length > SEGMENTS_MAX) {
      return { kind: 'refused', reason: `more than ${SEGMENTS_MAX} parts`, blames: 'message' }
    }
    const conversation = await link.bound(timeoutMs * WAITING_SHARE)
    if (!conversation) return { kind: 'not_sent', reason: `no link: ${link.trouble()}` }
    reference = (reference + 1) % 256
    const parts = submitsOf(message, longTexts, reference)
    const onLate = parts.length === 1 ? passOn(message.messageUuid) : undefined
    let result: SendResult = { kind: 'unknown', reason: 'no part' }
    // One after the other: a refusal of the first part proves that nothing has gone, of a later one nothing.
    for (const [index, fields] of parts.entries()) {
      result = judgeReply(await submit(conversation, fields, endsAtMs, onLate), options, message)
      if (result.kind === 'accepted') continue
      if (index === 0) return result
      return { kind: 'unknown', reason: `part ${index + 1} of ${parts.length}: ${result.reason}` }
    }
    return result
  }

  return {
    name,
    protection: { kind: 'none' },
    receipts: { kind: 'link' },
    send,
    async close() {
      await Promise.all([link.close(), receiver?.close()])
    },
  }
}

function judgeReply(
  reply: Reply,
  { idForms, refusals, throttledMs }: SmppOptions,
  { messageUuid }: OutgoingMessage,
): SendResult {
  if (reply.kind === 'not_written')
    return { kind: 'not_sent', reason: 'no connection or no place in the window' }
  if (reply.kind === 'lost') return { kind: 'unknown', reason: `no answer: ${reply.cause}` }
  const { command_status: status, message_id } = reply.pdu
  if (status === ESME_ROK) {
    // Some centres take a message and name no id: that proves it as well, only no receipt will ever match.
    const id = message_id ? canonicalMessageId(message_id, idForms.submit) : `none:${messageUuid}`
    return { kind: 'accepted', providerMessageId: id }
  }
  const blames = refusals?.[status] ?? refusedStatuses[status]
  const code = statusText(status)
  if (blames === undefined) return { kind: 'unknown', reason: `command status ${code}: proves nothing` }
  const pause = blames === 'pace' ? { retryAfterMs: throttledMs } : {}
  return { kind: 'refused', reason: `command status ${code}`, blames, code, ...pause }
}
