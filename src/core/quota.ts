import type { MessageOutcome } from './message-outcome.ts'
import type { Mode } from './mode.ts'

/** Whether quota is reserved for a message at entry. Only ON can charge, so only ON reserves. */
export function reservesQuota(mode: Mode): boolean {
  return mode === 'ON'
}

export type QuotaSettlement = 'charged' | 'released'

/**
 * The one rule of quota: charged when mode is ON and the service answered `accepted` or `duplicate`. A legacy
 * fallback, a rejection and a failure release what was reserved. Undefined: nothing to settle, or not yet.
 */
export function settleQuota(mode: Mode, outcome: MessageOutcome): QuotaSettlement | undefined {
  if (!reservesQuota(mode) || outcome.pending) return undefined
  const accepted = outcome.status === 'accepted' || outcome.status === 'duplicate'
  return accepted && outcome.source === 'go' ? 'charged' : 'released'
}
