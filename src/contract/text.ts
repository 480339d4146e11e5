import { Type } from 'typebox'

/** Longest body of a message in UTF-16 units: ten concatenated GSM-7 parts and a margin. */
export const BODY_LENGTH_MAX = 1600

/** A body: 1 to 1,600 UTF-16 units, no NUL, no lone surrogate (PostgreSQL could store neither). */
export const Body = Type.String({ minLength: 1, maxLength: BODY_LENGTH_MAX, format: 'storable-text' })

/** A number in E.164: a plus, a country code, 7 to 15 digits in all. */
export const E164 = Type.String({ pattern: '^\\+[1-9][0-9]{6,14}$' })

/** A sender: E.164, a short code of 3 to 8 digits, or 1 to 11 letters, digits and spaces with a letter. */
export const Sender = Type.String({
  pattern: '^(\\+[1-9][0-9]{6,14}|[0-9]{3,8}|(?=[A-Za-z0-9 ]*[A-Za-z])[A-Za-z0-9 ]{1,11})$',
})

export const Uuid = Type.String({
  pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
})

/** One-time codes go before ordinary messages, and those before bulk. */
export const priorities = ['code', 'normal', 'bulk'] as const
export const Priority = Type.Enum([...priorities])

/** A moment in UTC, for example `2030-01-31T09:30:00Z`; the `instant` format knows the calendar. */
export const Instant = Type.String({
  pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,3})?Z$',
  format: 'instant',
})

export const SegmentsMax = Type.Integer({ minimum: 1, maximum: 255 })

/** The `instant` format: a moment that exists, 1970 or later (PostgreSQL knows no year 0). */
export function isInstant(text: string): boolean {
  const time = new Date(text)
  return time.getTime() >= 0 && time.toISOString().startsWith(text.slice(0, 19))
}

/** The `storable-text` format: what PostgreSQL's UTF-8 text can hold. */
export function isStorableText(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed()
}
