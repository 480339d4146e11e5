import type { Treatment } from './treatment.ts'

/**
 * What a call to the messaging service proves, as a union. Falling back takes a {@link CallFailure}; a
 * {@link ServiceAnswer} is another type, so that falling back on an answer does not compile.
 *
 *   answer      the service spoke                          never falls back
 *   not_sent    no byte of the request can have arrived    legacy claims, then sends
 *   ambiguous   the service may have accepted              legacy claims: won = it never can, lost = it did
 */
export type Verdict = 'accepted' | 'duplicate' | 'rejected' | 'superseded'

export type ServiceAnswer =
  | {
      readonly kind: 'answer'
      readonly verdict: Verdict
      readonly reason?: string
      /** What a dry run would have done. */
      readonly would?: Treatment
    }
  /** An error in the service's own envelope. */
  | { readonly kind: 'answer'; readonly verdict: 'error'; readonly reason: string }

export type NotSentCause = 'breaker_open' | 'dns' | 'connection_refused' | 'tls' | 'queue_timeout'
export type AmbiguousCause = 'timeout' | 'reset' | 'unreadable_answer' | 'foreign_error' | 'no_verdict'

export type CallFailure =
  | { readonly kind: 'not_sent'; readonly cause: NotSentCause; readonly detail: string }
  | { readonly kind: 'ambiguous'; readonly cause: AmbiguousCause; readonly detail: string }

export type CallOutcome = ServiceAnswer | CallFailure

/** The word for a fallback in answers and in `sms_logs`. */
export const fallbacks = ['timeout', 'transport', 'breaker_open'] as const
export type Fallback = (typeof fallbacks)[number]

/** Names the evidence a fallback rests on, in the API's words. */
export function fallbackOf({ cause }: CallFailure): Fallback {
  switch (cause) {
    case 'breaker_open':
      return 'breaker_open'
    case 'timeout':
    case 'queue_timeout':
      return 'timeout'
    default:
      return 'transport'
  }
}
