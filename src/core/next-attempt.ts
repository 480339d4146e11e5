/**
 * What follows an attempt that is proven not executed. A refusal that blames the message ends it; anything else
 * goes on to the next provider of the route at once, and after the last one to the first again, after a pause.
 *
 *   refused, blames the message          refused
 *   refused, blames account or pace      next provider
 *   not sent                             next provider, or the same again
 */
export interface ProvenFailure {
  readonly kind: 'refused' | 'not_sent'
  /** Absent: the message, unless `retryAfterMs` says when it may be tried again. */
  readonly blames?: 'message' | 'account' | 'pace'
  readonly retryAfterMs?: number
}

export interface AttemptSoFar {
  /** Number of the attempt that failed, 1 for the first. */
  readonly attempts: number
  readonly provider: string
  readonly route: readonly string[]
}

export type NextAttempt =
  | { readonly kind: 'none' }
  | { readonly kind: 'again'; readonly provider: string; readonly pauseMs: number }

export const ATTEMPTS_MAX = 8
const PAUSE_FIRST_MS = 500

/** `share` (0 to 1) spreads the retries. */
export function nextAttempt(failure: ProvenFailure, soFar: AttemptSoFar, share: number): NextAttempt {
  const { attempts, provider, route } = soFar
  const blames = failure.blames ?? (failure.retryAfterMs === undefined ? 'message' : 'pace')
  if (attempts >= ATTEMPTS_MAX || (failure.kind === 'refused' && blames === 'message'))
    return { kind: 'none' }
  const following = route[route.indexOf(provider) + 1]
  if (following !== undefined && route.includes(provider)) {
    return { kind: 'again', provider: following, pauseMs: 0 }
  }
  const first = route[0] ?? provider
  // An account that refuses does so again; without another provider that is the end.
  if (failure.kind === 'refused' && blames === 'account' && first === provider) return { kind: 'none' }
  const ceilingMs = PAUSE_FIRST_MS * 2 ** (attempts - 1)
  const backoffMs = Math.round(ceilingMs * (0.5 + share / 2))
  return { kind: 'again', provider: first, pauseMs: Math.max(backoffMs, failure.retryAfterMs ?? backoffMs) }
}
