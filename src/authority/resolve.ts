import pg from 'pg'
import type { Holder } from '../core/authority-state.ts'
import type { Database } from '../db/database.ts'
import { settleProven } from './proof.ts'
import { readAuthority } from './rows.ts'

/** A person's decision about a message in doubt; it is kept as the proof. */
export interface Decision {
  readonly to: 'sent' | 'refused' | 'claimed'
  readonly providerMessageId: string | null
  readonly reason: string
  readonly actor: string
}

export type Resolving =
  | { readonly kind: 'resolved' }
  | { readonly kind: 'not_known' }
  | { readonly kind: 'not_in_doubt'; readonly state: string }
  /** A replay may be on its way, and may become the one send: decide again in a moment. */
  | { readonly kind: 'being_replayed' }

const BEING_REPLAYED = 'BA002'

/** Settles a message in doubt that `holder` holds by a person's decision. */
export async function resolveInDoubt(
  database: Database,
  holder: Holder,
  messageUuid: string,
  decision: Decision,
): Promise<Resolving> {
  const row = (await readAuthority(database, [messageUuid])).get(messageUuid)
  if (!row || (row.holder !== null && row.holder !== holder)) return { kind: 'not_known' }
  if (row.state !== 'in_doubt') return { kind: 'not_in_doubt', state: row.state }
  const { to, providerMessageId, reason, actor } = decision
  try {
    const done = await settleProven(database, {
      messageUuid,
      attemptToken: row.attemptToken,
      to,
      providerMessageId,
      proof: { kind: 'operator', detail: reason },
      actor,
    })
    return done ? { kind: 'resolved' } : { kind: 'not_in_doubt', state: 'settled meanwhile' }
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === BEING_REPLAYED) return { kind: 'being_replayed' }
    throw error
  }
}
