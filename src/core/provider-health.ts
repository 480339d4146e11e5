/**
 * Whether a provider is worth an attempt. One that fails again and again is left alone for a while, so that it
 * neither burns the attempts of messages nor puts one after the other in doubt.
 *
 *   well --failures in a row--> paused --time--> probing --success--> well
 *     '--refused pace----------^   ^---failure, twice as long---'
 *
 * While it is probing, one message at a time is tried.
 */
export type ProviderHealth =
  | { readonly kind: 'well'; readonly failures: number }
  | { readonly kind: 'paused'; readonly untilMs: number; readonly pauseMs: number }
  | { readonly kind: 'probing'; readonly pauseMs: number }

/** `failed`: nothing was proven, or the provider is not there, or takes nothing of ours at all. */
export type AttemptSign =
  | { readonly kind: 'served' }
  | { readonly kind: 'failed' }
  | { readonly kind: 'slow_down'; readonly forMs: number }

export const FAILURES_MAX = 5
const PAUSE_FIRST_MS = 1_000
const PAUSE_MAX_MS = 60_000

export const well: ProviderHealth = { kind: 'well', failures: 0 }

/** `share` (0 to 1) spreads the probes of several processes. */
export function afterAttempt(
  health: ProviderHealth,
  sign: AttemptSign,
  nowMs: number,
  share: number,
): ProviderHealth {
  switch (sign.kind) {
    case 'served':
      return well
    case 'slow_down':
      return { kind: 'paused', untilMs: nowMs + sign.forMs, pauseMs: 0 }
    case 'failed': {
      // What began before the pause says nothing about what comes after it.
      if (health.kind === 'paused') return health
      if (health.kind === 'well' && health.failures + 1 < FAILURES_MAX) {
        return { kind: 'well', failures: health.failures + 1 }
      }
      const lastMs = health.kind === 'probing' ? health.pauseMs : 0
      const pauseMs = Math.min(PAUSE_MAX_MS, Math.max(PAUSE_FIRST_MS, lastMs * 2))
      return { kind: 'paused', untilMs: nowMs + Math.round(pauseMs * (0.75 + share / 2)), pauseMs }
    }
  }
}

/** The health now: a pause that has passed is a probe. */
export function healthAt(health: ProviderHealth, nowMs: number): ProviderHealth {
  if (health.kind !== 'paused' || nowMs < health.untilMs) return health
  return health.pauseMs === 0 ? well : { kind: 'probing', pauseMs: health.pauseMs }
}

/** How many more messages it may be given, with `inFlight` under way. */
export function roomFor(health: ProviderHealth, inFlight: number, inFlightMax: number): number {
  switch (health.kind) {
    case 'paused':
      return 0
    case 'probing':
      return inFlight === 0 ? 1 : 0
    case 'well':
      return Math.max(inFlightMax - inFlight, 0)
  }
}
