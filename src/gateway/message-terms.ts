import type { SendRequest } from '../contract/gateway-api.ts'
import type { priorities } from '../contract/text.ts'
import type { MessageTimes } from '../core/message-times.ts'

/** How a caller wants the messages of a request sent; null: not said. Instants in ISO 8601. */
export interface MessageTerms {
  readonly priority: (typeof priorities)[number] | null
  readonly sendAt: string | null
  readonly validUntil: string | null
  readonly segmentsMax: number | null
}

/** The terms in one form: the same moment is the same text, however many decimals the caller wrote. */
export function termsOf({ priority, send_at, valid_until, segments_max }: SendRequest): MessageTerms {
  return {
    priority: priority ?? null,
    sendAt: send_at === undefined ? null : new Date(send_at).toISOString(),
    validUntil: valid_until === undefined ? null : new Date(valid_until).toISOString(),
    segmentsMax: segments_max ?? null,
  }
}

/** The terms that were given, for the hash of a request's content; undefined when there are none. */
export function givenTerms(terms: MessageTerms): Partial<MessageTerms> | undefined {
  const given = Object.entries(terms).filter(([, value]) => value !== null)
  return given.length === 0 ? undefined : Object.fromEntries(given)
}

export function timesOf({ sendAt, validUntil }: MessageTerms): MessageTimes {
  return {
    sendAtMs: sendAt === null ? null : Date.parse(sendAt),
    validUntilMs: validUntil === null ? null : Date.parse(validUntil),
  }
}
