import type { Pdu } from 'smpp'
import { randomUUID } from 'node:crypto'
import type { ReceiptSink, TextSink } from '../receipt.ts'
import { inboundText } from '../inbound-text.ts'
import { ESME_ROK, ESME_RX_T_APPN } from './command-status.ts'
import type { Conversation } from './conversation.ts'
import { isReceipt, readReceipt, writtenText, type IdForms } from './delivery-receipt.ts'

export interface InboundOptions {
  readonly idForms: IdForms
  readonly onReceipt: ReceiptSink
  readonly onText: TextSink
  readonly onProblem: (problem: string) => void
}

/** Receipts and texts being stored at a time; the centre keeps and repeats what is turned away. */
const STORING_MAX = 256

/** Answers what the centre asks. A receipt or a text is acknowledged once it is stored, so none is lost with the process. */
export function answerRequests({ idForms, onReceipt, onText, onProblem }: InboundOptions) {
  let storing = 0

  function deliver(pdu: Pdu): Promise<number> {
    const now = new Date()
    if (!isReceipt(pdu)) {
      const text = textOf(pdu, now)
      if (text) return store(() => onText(text))
      onProblem('a text came from no number')
    } else {
      const receipt = readReceipt(pdu, idForms, now)
      if (receipt) return store(() => onReceipt(receipt))
      onProblem('a receipt names no id or no known state')
    }
    // Refused, it would come again for ever, no more readable.
    return Promise.resolve(ESME_ROK)
  }

  async function store(work: () => Promise<void>): Promise<number> {
    if (storing >= STORING_MAX) return ESME_RX_T_APPN
    storing += 1
    try {
      await work()
      return ESME_ROK
    } catch {
      onProblem('it could not be stored; the centre was asked to repeat it')
      return ESME_RX_T_APPN
    } finally {
      storing -= 1
    }
  }

  return (pdu: Pdu, conversation: Conversation): void => {
    switch (pdu.command) {
      case 'deliver_sm':
      case 'data_sm':
        void deliver(pdu).then((command_status) => conversation.answer(pdu.response({ command_status })))
        return
      case 'unbind':
        conversation.answer(pdu.response())
        conversation.leave()
        return
      case 'enquire_link':
      case 'unknown':
        conversation.answer(pdu.response())
        return
      default: // alert_notification and outbind take no answer
    }
  }
}

/** The protocol gives a text no id: a repetition is another one, and says the same. */
function textOf(pdu: Pdu, now: Date) {
  const { source_addr: from = '', destination_addr: to = null } = pdu
  return inboundText({ id: randomUUID(), from, to, text: writtenText(pdu) }, now)
}
