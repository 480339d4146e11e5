import type { OutgoingMessage } from '../provider.ts'
import { receiptAddress } from '../receipt-address.ts'

/** A JSON value whose texts may hold `{{name}}`. */
export type JsonTemplate =
  | string
  | number
  | boolean
  | null
  | readonly JsonTemplate[]
  | { readonly [name: string]: JsonTemplate }

export const placeholders = [
  'message_uuid',
  'recipient',
  'recipient_digits',
  'sender',
  'body',
  'receipt_url',
] as const
type Placeholder = (typeof placeholders)[number]
export type Values = Readonly<Record<Placeholder, string>>

export function valuesOf(message: OutgoingMessage, receiptUrl: string | undefined): Values {
  const { messageUuid, recipient, sender, body } = message
  return {
    message_uuid: messageUuid,
    recipient,
    recipient_digits: recipient.replace('+', ''),
    sender: sender ?? '',
    body,
    receipt_url: receiptUrl === undefined ? '' : receiptAddress(receiptUrl, messageUuid),
  }
}

/** Fills texts in one pass, so a value that looks like a placeholder stays as it is. */
export function fill(template: string, values: Values, escape: (value: string) => string = String): string {
  return template.replaceAll(/\{\{(\w+)\}\}/g, (_, name: Placeholder) => escape(values[name]))
}

/** Values are put into texts of the JSON value, not into JSON text: quoting cannot be broken out of. */
export function fillJson(template: JsonTemplate, values: Values): unknown {
  if (typeof template === 'string') return fill(template, values)
  if (typeof template !== 'object' || template === null) return template
  if (Array.isArray(template)) return template.map((item: JsonTemplate) => fillJson(item, values))
  return Object.fromEntries(Object.entries(template).map(([name, value]) => [name, fillJson(value, values)]))
}

/** Placeholders of a template that do not exist. */
export function unknownPlaceholders(template: JsonTemplate): string[] {
  const named = [...JSON.stringify(template).matchAll(/\{\{(\w*)\}\}/g)].map(([, name]) => name ?? '')
  return named.filter((name) => !(placeholders as readonly string[]).includes(name))
}
