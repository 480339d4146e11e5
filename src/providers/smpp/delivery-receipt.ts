import type { Pdu } from 'smpp'
import { encodeGsm7 } from '../../sms/encoding.ts'
import { normaliseReceipts, type StatusWords } from '../normalise-receipts.ts'
import type { Receipt } from '../receipt.ts'
import { canonicalMessageId, type IdForm } from './message-id.ts'

export interface IdForms {
  readonly submit: IdForm
  readonly receipt: IdForm
}

const words: StatusWords = {
  ENROUTE: 'sent',
  SCHEDULED: 'accepted',
  ACCEPTD: 'sent',
  UNKNOWN: 'sent',
  DELIVRD: 'delivered',
  EXPIRED: 'expired',
  DELETED: 'rejected',
  UNDELIV: 'undelivered',
  REJECTD: 'rejected',
  SKIPPED: 'rejected',
}
/** message_state, by its number. */
const states = ['SCHEDULED', 'ENROUTE', 'DELIVRD', 'EXPIRED', 'DELETED', 'UNDELIV', 'ACCEPTD', 'UNKNOWN']
const stateWords = [...states, 'REJECTD', 'SKIPPED']

const TYPE_BITS = 0x3c
const RECEIPT_BITS = 0x04

/** Whether a deliver_sm is a receipt; anything else is a message of a subscriber. */
export function isReceipt({ esm_class = 0 }: Pdu): boolean {
  return (esm_class & TYPE_BITS) === RECEIPT_BITS
}

/** What a subscriber wrote, as its coding has it. */
export function writtenText({ short_message, message_payload }: Pdu): string {
  const content = short_message?.message?.length ? short_message.message : message_payload?.message
  return typeof content === 'string' ? content : (content?.toString('latin1') ?? '')
}

/** Reads a receipt by its optional parameters, else by its text; undefined when it names no id or no state. */
export function readReceipt(pdu: Pdu, forms: IdForms, now: Date): Receipt | undefined {
  // What follows `text:` is the subscriber's message, and may itself look like a receipt.
  const head = textOf(pdu).split(/\btext:/i, 1)[0] ?? ''
  const field = (name: string) => new RegExp(`(?:^|\\s)${name}:(\\S+)`, 'i').exec(head)?.[1]
  const fromText = field('id')
  const id = pdu.receipted_message_id
    ? canonicalMessageId(pdu.receipted_message_id, forms.submit)
    : fromText && canonicalMessageId(fromText, forms.receipt)
  const state = stateWords[pdu.message_state ?? -1] ?? field('stat')?.toUpperCase()
  if (!id || state === undefined) return undefined
  const error = field('err')
  const found = {
    id,
    status: state,
    at: doneDate(field('done date')),
    errorCode: error === undefined || /^0+$/.test(error) ? undefined : error,
  }
  return normaliseReceipts([found], words, now).receipts[0]
}

/**
 * The receipt's text. The package reads data_coding 0 and 1 as GSM-7, but receipts are written in ASCII: the
 * codes are taken back, else `_` and `@` of an id would be other characters.
 */
function textOf({ short_message, message_payload, data_coding = 0 }: Pdu): string {
  const content = short_message?.message?.length ? short_message.message : message_payload?.message
  if (content === undefined) return ''
  if (typeof content !== 'string') return content.toString('latin1')
  if ((data_coding & 0x0f) > 1) return content
  try {
    return Buffer.from(encodeGsm7(content)).toString('latin1')
  } catch {
    return content
  }
}

/** `YYMMDDhhmm`, seconds if there; centres write their local time or UTC, and do not say which: taken as UTC. */
function doneDate(text: string | undefined): string | undefined {
  const parts = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?$/.exec(text ?? '')
  if (!parts) return undefined
  const [, year, month, day, hour, minute, second = '00'] = parts
  return `20${year}-${month}-${day}T${hour}:${minute}:${second}Z`
}
