/**
 * How a centre writes its message ids. Many write one form in submit_sm_resp and another in receipts.
 *
 *   exact     as it stands
 *   text      case and leading zeros mean nothing
 *   hex       a hexadecimal number
 *   decimal   a decimal number
 */
export type IdForm = 'exact' | 'text' | 'hex' | 'decimal'

/** One spelling for all forms of an id, so that a receipt's equals the answer's. */
export function canonicalMessageId(id: string, form: IdForm): string {
  const trimmed = id.trim()
  if (form === 'exact') return trimmed
  if (form === 'hex' && /^(?:0x)?[0-9a-f]{1,64}$/i.test(trimmed)) {
    return BigInt(`0x${trimmed.replace(/^0x/i, '')}`).toString()
  }
  if (form === 'decimal' && /^\d{1,64}$/.test(trimmed)) return BigInt(trimmed).toString()
  return trimmed.toLowerCase().replace(/^0+(?=.)/, '')
}
