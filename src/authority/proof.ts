import type { Holder } from '../core/authority-state.ts'
import type { Database } from '../db/database.ts'
import { statement } from '../db/statement.ts'

/** Why a message may leave `dispatched` or `in_doubt`. A look-up that finds nothing is not among them. */
export interface Proof {
  readonly kind: 'answer' | 'refusal' | 'not_sent' | 'lookup_found' | 'receipt' | 'operator'
  readonly detail: string
}

export interface ProvenSettlement {
  readonly messageUuid: string
  /** The attempt the proof is about: if another has begun, nothing changes. */
  readonly attemptToken: string
  /** `claimed`: proven not executed, the same holder may try again. */
  readonly to: 'sent' | 'refused' | 'claimed'
  readonly providerMessageId: string | null
  readonly proof: Proof
  readonly actor: string
  /** Pause before another dispatch, and the provider that makes it, for `claimed`. */
  readonly pauseMs?: number
  readonly lane?: string
}

const prove = statement<{ message_uuid: string }>(import.meta.url, './sql/prove.sql')
const settle = statement<{ message_uuid: string; holder: Holder }>(import.meta.url, './sql/settle-proven.sql')
const log = statement<{ message_uuid: string }>(import.meta.url, './sql/log-proven.sql')

/**
 * Stores the proof and makes the change, in one transaction. False when the message is not, or no longer,
 * dispatched or in doubt under that attempt.
 */
export function settleProven(database: Database, settlement: ProvenSettlement): Promise<boolean> {
  const { messageUuid, attemptToken, to, providerMessageId, proof, actor } = settlement
  const { pauseMs = 0, lane = null } = settlement
  return database.transaction(async (runner) => {
    const proven = await runner.run(prove, [messageUuid, attemptToken, to, proof.kind, proof.detail, actor])
    if (proven.length === 0) return false
    const reason = to === 'sent' ? null : proof.detail
    const [changed] = await runner.run(settle, [
      messageUuid,
      attemptToken,
      to,
      providerMessageId,
      reason,
      pauseMs,
      lane,
    ])
    if (changed?.holder === 'go') await runner.run(log, [messageUuid, to, providerMessageId, reason])
    return changed !== undefined
  })
}
