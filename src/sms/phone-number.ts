import { parsePhoneNumberFromString, type CountryCode, type PhoneNumber } from 'libphonenumber-js/max'

export type NumberType =
  | 'mobile'
  | 'fixed_line'
  | 'fixed_line_or_mobile'
  | 'voip'
  | 'personal'
  | 'pager'
  | 'uan'
  | 'voicemail'
  | 'toll_free'
  | 'premium_rate'
  | 'shared_cost'
  | 'unknown'

export type NumberReading =
  | {
      readonly kind: 'number'
      readonly e164: string
      /** ISO 3166-1 alpha-2; null for numbers of no country (satellites, networks across countries). */
      readonly country: string | null
      readonly callingCode: string
      readonly type: NumberType
      /** Whether the numbering plan has handed the range out; a number of the right length may not be. */
      readonly isAssigned: boolean
    }
  /** Reasons never hold the number. */
  | { readonly kind: 'invalid'; readonly reason: string }

const types: Readonly<Record<NonNullable<ReturnType<PhoneNumber['getType']>>, NumberType>> = {
  MOBILE: 'mobile',
  FIXED_LINE: 'fixed_line',
  FIXED_LINE_OR_MOBILE: 'fixed_line_or_mobile',
  VOIP: 'voip',
  PERSONAL_NUMBER: 'personal',
  PAGER: 'pager',
  UAN: 'uan',
  VOICEMAIL: 'voicemail',
  TOLL_FREE: 'toll_free',
  PREMIUM_RATE: 'premium_rate',
  SHARED_COST: 'shared_cost',
}

/**
 * Reads a recipient in E.164 (spaces, dots, hyphens and brackets are taken off), or in a country's own form
 * when `defaultCountry` is given. A number of impossible length is invalid; one of an unassigned range is not,
 * since plans grow faster than metadata: the caller may refuse it by `isAssigned`.
 */
export function readNumber(text: string, defaultCountry?: string): NumberReading {
  const trimmed = text.trim()
  if (!/^\+?[\d\s().-]{2,32}$/.test(trimmed))
    return { kind: 'invalid', reason: 'holds more than a phone number' }
  if (!trimmed.startsWith('+') && defaultCountry === undefined) {
    return { kind: 'invalid', reason: 'must start with + and a country code' }
  }
  const number = parsePhoneNumberFromString(trimmed, defaultCountry as CountryCode | undefined)
  if (!number) return { kind: 'invalid', reason: 'has no known country code' }
  if (!number.isPossible()) return { kind: 'invalid', reason: 'has an impossible length for its country' }
  const type = number.getType()
  return {
    kind: 'number',
    e164: number.number,
    country: number.country ?? null,
    callingCode: number.countryCallingCode,
    type: type === undefined ? 'unknown' : types[type],
    isAssigned: number.isValid(),
  }
}
