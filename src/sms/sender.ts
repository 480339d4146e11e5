import { readNumber } from './phone-number.ts'

export type SenderKind = 'number' | 'short_code' | 'alphanumeric'

/**
 * How a country treats alphanumeric senders. A country that is not listed is `unlisted`: networks there take
 * them or replace them, and only the vendor knows.
 *
 *   refused     carriers replace or block them; a number is needed
 *   registered  only after registration with the vendor
 *   free        taken as they are
 */
export type SenderRule = 'refused' | 'registered' | 'free'

const REFUSED = ['AR', 'BR', 'CA', 'CL', 'CN', 'CO', 'CR', 'DO', 'EC', 'GT', 'HN', 'MX', 'NI', 'PA', 'PE']
const REFUSED_TOO = ['PR', 'US', 'UY', 'VE', 'ZA']
const REGISTERED = ['AE', 'BD', 'BY', 'CZ', 'EG', 'GB', 'ID', 'IE', 'IN', 'JO', 'KE', 'KW', 'KZ', 'LK']
const REGISTERED_TOO = ['NG', 'OM', 'PH', 'PK', 'QA', 'RO', 'RU', 'SA', 'SG', 'TH', 'TR', 'UA', 'VN']
const FREE = ['AT', 'CH', 'DE', 'DK', 'EE', 'ES', 'FI', 'GR', 'IL', 'IS', 'LU', 'NL', 'NO', 'PL', 'PT', 'SE']

const rules = new Map<string, SenderRule>([
  ...[...REFUSED, ...REFUSED_TOO].map((country) => [country, 'refused'] as const),
  ...[...REGISTERED, ...REGISTERED_TOO].map((country) => [country, 'registered'] as const),
  ...FREE.map((country) => [country, 'free'] as const),
])

export type SenderVerdict =
  | { readonly kind: 'usable'; readonly sender: SenderKind; readonly rule: SenderRule | 'unlisted' }
  | { readonly kind: 'not_usable'; readonly reason: string }

/** At most 11 characters of the alphabet every network takes, at least one of them a letter. */
const ALPHANUMERIC = /^(?=.*[A-Za-z])[A-Za-z0-9 ._&-]{1,11}$/
const SHORT_CODE = /^\d{3,8}$/

/** Judges a sender for a recipient's country (ISO 3166-1 alpha-2; null where the number has none). */
export function judgeSender(sender: string, country: string | null): SenderVerdict {
  if (SHORT_CODE.test(sender)) return { kind: 'usable', sender: 'short_code', rule: 'unlisted' }
  if (sender.startsWith('+')) {
    const reading = readNumber(sender)
    if (reading.kind === 'number' && reading.e164 === sender) {
      return { kind: 'usable', sender: 'number', rule: 'unlisted' }
    }
    return { kind: 'not_usable', reason: 'sender: is not a number in E.164' }
  }
  if (!ALPHANUMERIC.test(sender) || sender !== sender.trim()) {
    const form = 'a number in E.164, a short code, or 1 to 11 letters and digits with at least one letter'
    return { kind: 'not_usable', reason: `sender: must be ${form}` }
  }
  const rule = (country === null ? undefined : rules.get(country)) ?? 'unlisted'
  if (rule === 'refused') {
    return { kind: 'not_usable', reason: `sender: alphanumeric senders are not taken in ${country}` }
  }
  return { kind: 'usable', sender: 'alphanumeric', rule }
}
