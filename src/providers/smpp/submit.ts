import { encodeGsm7, encodeUcs2, type Encoding } from '../../sms/encoding.ts'
import { segmentsOf } from '../../sms/segments.ts'
import type { OutgoingMessage } from '../provider.ts'

/** How a text that needs several parts goes: cut here with a header each, or whole, for the centre to cut. */
export type LongTexts = 'udh' | 'message_payload'

export type SubmitFields = Readonly<Record<string, string | number | Buffer>>

const GSM7 = 0x00
const UCS2 = 0x08
const UDH_INDICATOR = 0x40

/** The submit_sm of a message, one for each part; `reference` (0 to 255) tells the parts of one text. */
export function submitsOf(message: OutgoingMessage, longTexts: LongTexts, reference: number): SubmitFields[] {
  const { encoding, parts } = segmentsOf(message.body)
  const base = {
    ...sourceOf(message.sender),
    dest_addr_ton: 1,
    dest_addr_npi: 1,
    destination_addr: message.recipient.replace('+', ''),
    data_coding: encoding === 'gsm7' ? GSM7 : UCS2,
  }
  const [only] = parts
  if (parts.length === 1) {
    return [{ ...base, registered_delivery: 1, short_message: encode(only ?? '', encoding) }]
  }
  if (longTexts === 'message_payload') {
    return [
      {
        ...base,
        registered_delivery: 1,
        short_message: Buffer.alloc(0),
        message_payload: encode(message.body, encoding),
      },
    ]
  }
  return parts.map((part, index) => ({
    ...base,
    esm_class: UDH_INDICATOR,
    // The receipt of the last part stands for the whole text.
    registered_delivery: index === parts.length - 1 ? 1 : 0,
    short_message: Buffer.concat([header(reference, parts.length, index + 1), encode(part, encoding)]),
  }))
}

/** Information element 0: parts of one text, by an 8 bit reference. */
function header(reference: number, total: number, number: number): Buffer {
  return Buffer.from([5, 0, 3, reference, total, number])
}

function encode(text: string, encoding: Encoding): Buffer {
  return Buffer.from(encoding === 'gsm7' ? encodeGsm7(text) : encodeUcs2(text))
}

/** International number, network's short code, or letters. Without a sender the centre takes its own. */
function sourceOf(sender: string | null): SubmitFields {
  if (sender === null || sender === '') return { source_addr_ton: 0, source_addr_npi: 0, source_addr: '' }
  if (sender.startsWith('+')) {
    return { source_addr_ton: 1, source_addr_npi: 1, source_addr: sender.slice(1) }
  }
  const ton = /^\d+$/.test(sender) ? 3 : 5
  return { source_addr_ton: ton, source_addr_npi: 0, source_addr: sender }
}
