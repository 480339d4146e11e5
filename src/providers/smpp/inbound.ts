import type { Pdu } from 'smpp'
import type { ReceiptSink } from '../receipt.ts'
import { ESME_ROK, ESME_RX_R_APPN, ESME_RX_T_APPN } from './command-status.ts'
import type { Conversation } from './conversation.ts'
import { isReceipt, readReceipt, type IdForms } from './delivery-receipt.ts'

export interface InboundOptions {
  readonly idForms: IdForms
  readonly onReceipt: ReceiptSink
  readonly onProblem: (problem: string) => void
}

/** Receipts being stored at a time; the centre keeps and repeats what is turned away. */
const STORING_MAX = 256

/** Answers what the centre asks. A receipt is acknowledged once it is stored, so none is lost with the process. */
export function answerRequests({ idForms, onReceipt, onProblem }: InboundOptions) {
  let storing = 0

  async function deliver(pdu: Pdu): Promise<number> {
    if (!isReceipt(pdu)) {
      onProblem('a subscriber wrote over a link that is for sending')
      return ESME_RX_R_APPN
    }
    const receipt = readReceipt(pdu, idForms, new Date())
    if (!receipt) {
      // Refused, it would come again for ever, no more readable.
      onProblem('a receipt names no id or no known state')
      return ESME_ROK
    }
    if (storing >= STORING_MAX) return ESME_RX_T_APPN
    storing += 1
    try {
      await onReceipt(receipt)
      return ESME_ROK
    } catch {
      onProblem('a receipt could not be stored; the centre was asked to repeat it')
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
