import { Compile } from 'typebox/compile'
import { Set as setFormat } from 'typebox/format'
import { AcceptableMessage, type ServiceMessage } from '../contract/service-api.ts'
import { isStorableText } from '../contract/text.ts'

setFormat('storable-text', isStorableText)
const acceptable = Compile(AcceptableMessage)

/** Why this message cannot be accepted, or undefined when it can. Names the field, never its content. */
export function rejectionReason(message: ServiceMessage): string | undefined {
  if (acceptable.Check(message)) return undefined
  const [first] = acceptable.Errors(message)
  if (!first) return 'message: is not valid'
  return `${first.instancePath.slice(1) || 'message'}: ${first.message}`
}

/** A rejected message's number as far as it can be stored: it may hold anything. */
export function storableRecipient({ to }: ServiceMessage): string {
  return to.toWellFormed().replaceAll('\0', '').slice(0, 32)
}
