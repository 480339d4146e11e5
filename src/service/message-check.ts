import { Compile } from 'typebox/compile'
import { Set as setFormat } from 'typebox/format'
import { AcceptableMessage, type ServiceMessage } from '../contract/service-api.ts'
import { timesFault } from '../core/message-times.ts'
import { isInstant, isStorableText } from '../contract/text.ts'
import { segmentsOf } from '../sms/segments.ts'

setFormat('storable-text', isStorableText)
setFormat('instant', isInstant)
const acceptable = Compile(AcceptableMessage)

/** Why this message cannot be accepted, or undefined when it can. Names the field, never its content. */
export function rejectionReason(message: ServiceMessage): string | undefined {
  if (acceptable.Check(message)) return timingFault(message) ?? segmentsFault(message)
  const [first] = acceptable.Errors(message)
  if (!first) return 'message: is not valid'
  return `${first.instancePath.slice(1) || 'message'}: ${first.message}`
}

/** A rejected message's number as far as it can be stored: it may hold anything. */
export function storableRecipient({ to }: ServiceMessage): string {
  return to.toWellFormed().replaceAll('\0', '').slice(0, 32)
}

function timingFault({ send_at, valid_until }: ServiceMessage): string | undefined {
  const sendAtMs = send_at === undefined ? null : Date.parse(send_at)
  const validUntilMs = valid_until === undefined ? null : Date.parse(valid_until)
  switch (timesFault({ sendAtMs, validUntilMs }, Date.now())) {
    case 'expired':
      return 'valid_until: has passed'
    case 'reversed':
      return 'valid_until: is before send_at'
    default:
      return undefined
  }
}

function segmentsFault({ body, segments_max }: ServiceMessage): string | undefined {
  if (segments_max === undefined) return undefined
  const { length } = segmentsOf(body).parts
  return length > segments_max ? `body: takes ${length} segments, segments_max is ${segments_max}` : undefined
}
