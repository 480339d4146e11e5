import type { Dispatched } from '../authority/dispatch.ts'
import type { Permit } from '../authority/permit.ts'
import { settleProven } from '../authority/proof.ts'
import type { AttemptEnd, Settled } from '../authority/settle.ts'
import { nextAttempt } from '../core/next-attempt.ts'
import type { Database } from '../db/database.ts'
import type { SendResult } from '../providers/provider.ts'

/**
 * Turns what an attempt proves into the ledger's words. Proven not executed: back to `claimed` with the proof,
 * to be tried again by the next provider, a bounded number of times. Not proven: in doubt.
 */
export function createAttemptSettling(
  database: Database,
  settle: (permit: Permit, end: AttemptEnd) => Promise<Settled>,
  onFailover: () => void,
  random: () => number = Math.random,
): (dispatched: Dispatched, result: SendResult) => Promise<void> {
  return async (dispatched, result) => {
    const { permit } = dispatched
    switch (result.kind) {
      case 'accepted':
        await settle(permit, { state: 'sent', providerMessageId: result.providerMessageId })
        return
      case 'unknown':
        await settle(permit, { state: 'in_doubt', reason: result.reason })
        return
      case 'refused':
      case 'not_sent': {
        const next = nextAttempt(result, dispatched, random())
        if (next.kind === 'none') await settle(permit, { state: 'refused', reason: result.reason })
        else await tryAgain(permit, dispatched.provider, result, next.provider, next.pauseMs)
        return
      }
    }
  }

  async function tryAgain(
    { messageUuid, attemptToken }: Permit,
    provider: string,
    { kind, reason }: Extract<SendResult, { kind: 'refused' | 'not_sent' }>,
    lane: string,
    pauseMs: number,
  ): Promise<void> {
    await settleProven(database, {
      messageUuid,
      attemptToken,
      to: 'claimed',
      providerMessageId: null,
      proof: { kind: kind === 'refused' ? 'refusal' : 'not_sent', detail: `${provider}: ${reason}` },
      actor: 'go dispatcher',
      pauseMs,
      lane,
    })
    if (pauseMs === 0) onFailover()
  }
}
