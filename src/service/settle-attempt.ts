import type { Dispatched } from '../authority/dispatch.ts'
import type { Permit } from '../authority/permit.ts'
import { settleProven } from '../authority/proof.ts'
import type { AttemptEnd, Settled } from '../authority/settle.ts'
import type { Database } from '../db/database.ts'
import type { SendResult } from '../providers/provider.ts'

const ATTEMPTS_MAX = 8
const PAUSE_FIRST_MS = 500
const PAUSE_MAX_MS = 60_000

/**
 * Turns what an attempt proves into the ledger's words. Proven not executed: back to `claimed`, to be tried
 * again after a pause, a bounded number of times. Not proven: in doubt.
 */
export function createAttemptSettling(
  database: Database,
  settle: (permit: Permit, end: AttemptEnd) => Promise<Settled>,
  random: () => number = Math.random,
): (dispatched: Dispatched, result: SendResult) => Promise<void> {
  return async ({ permit, attempts }, result) => {
    switch (result.kind) {
      case 'accepted':
        await settle(permit, { state: 'sent', providerMessageId: result.providerMessageId })
        return
      case 'unknown':
        await settle(permit, { state: 'in_doubt', reason: result.reason })
        return
      case 'refused':
      case 'not_sent': {
        const pauseMs = pauseBefore(attempts, result, random())
        if (pauseMs === undefined) await settle(permit, { state: 'refused', reason: result.reason })
        else await retryLater(permit, result, pauseMs)
        return
      }
    }
  }

  async function retryLater(
    { messageUuid, attemptToken }: Permit,
    { kind, reason }: Extract<SendResult, { kind: 'refused' | 'not_sent' }>,
    pauseMs: number,
  ): Promise<void> {
    await settleProven(database, {
      messageUuid,
      attemptToken,
      to: 'claimed',
      providerMessageId: null,
      proof: { kind: kind === 'refused' ? 'refusal' : 'not_sent', detail: reason },
      actor: 'go dispatcher',
      pauseMs,
    })
  }
}

/** Pause before the next attempt in ms; undefined: there is none. `share` (0 to 1) spreads the retries. */
export function pauseBefore(
  attempts: number,
  result: Extract<SendResult, { kind: 'refused' | 'not_sent' }>,
  share: number,
): number | undefined {
  if (attempts >= ATTEMPTS_MAX) return undefined
  if (result.kind === 'refused') return result.retryAfterMs
  const ceilingMs = Math.min(PAUSE_MAX_MS, PAUSE_FIRST_MS * 2 ** (attempts - 1))
  return Math.round(ceilingMs * (0.5 + share / 2))
}
