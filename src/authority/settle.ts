import type { Holder } from '../core/authority-state.ts'
import type { Database } from '../db/database.ts'
import { groupCommit } from '../db/group-commit.ts'
import { statement } from '../db/statement.ts'
import { untilKnown } from '../db/until-known.ts'
import type { Permit } from './permit-maker.ts'
import { settleProven } from './proof.ts'
import { readAuthority } from './rows.ts'

/** How an attempt ended. `sent` and `refused` need a definitive answer; everything else is in doubt. */
export type AttemptEnd =
  | { readonly state: 'sent'; readonly providerMessageId: string }
  | { readonly state: 'refused'; readonly reason: string }
  | { readonly state: 'in_doubt'; readonly reason: string }

interface Settlement {
  readonly permit: Permit
  readonly end: AttemptEnd
}

type Returned = { message_uuid: string }
const statements = {
  legacy: statement<Returned>(import.meta.url, './sql/settle-legacy.sql'),
  go: statement<Returned>(import.meta.url, './sql/settle-go.sql'),
} as const

/** Whether the outcome stands in the ledger. `stale`: another attempt or a later state is there already. */
export type Settled = 'recorded' | 'stale'

/**
 * Records the end of attempts, batched. An answer that comes after the reaper has flagged the message settles
 * it with the answer as the stored proof. Rejects when the database stays away for `deadlineMs`: the row
 * then stays `dispatched` and the reaper flags it.
 */
export function createSettling(
  database: Database,
  holder: Holder,
  deadlineMs: number,
): (permit: Permit, end: AttemptEnd) => Promise<Settled> {
  async function run(batch: readonly Settlement[]): Promise<Settled[]> {
    const sorted = batch.toSorted((a, b) => (a.permit.messageUuid < b.permit.messageUuid ? -1 : 1))
    const rows = await untilKnown(deadlineMs, () =>
      database.run(statements[holder], [
        sorted.map(({ permit }) => permit.messageUuid),
        sorted.map(({ permit }) => permit.attemptToken),
        sorted.map(({ end }) => end.state),
        sorted.map(({ end }) => (end.state === 'sent' ? end.providerMessageId : null)),
        sorted.map(({ end }) => (end.state === 'sent' ? null : end.reason)),
      ]),
    )
    const recorded = new Set(rows.map((row) => row.message_uuid))
    return Promise.all(
      batch.map(async (item) => (recorded.has(item.permit.messageUuid) ? 'recorded' : settleLate(item))),
    )
  }

  async function settleLate({ permit, end }: Settlement): Promise<Settled> {
    const row = (await readAuthority(database, [permit.messageUuid])).get(permit.messageUuid)
    if (row?.attemptToken !== permit.attemptToken) return 'stale'
    if (row.state === end.state) return 'recorded'
    if (row.state !== 'in_doubt' || end.state === 'in_doubt') return 'stale'
    const done = await settleProven(database, {
      messageUuid: permit.messageUuid,
      attemptToken: permit.attemptToken,
      to: end.state,
      providerMessageId: end.state === 'sent' ? end.providerMessageId : null,
      proof:
        end.state === 'sent'
          ? { kind: 'answer', detail: `accepted as ${end.providerMessageId}` }
          : { kind: 'refusal', detail: end.reason },
      actor: `${holder} dispatcher`,
    })
    return done ? 'recorded' : 'stale'
  }

  // Outcomes come one by one: with a second transaction in flight the batches were half as large.
  const batch = groupCommit({ run, batchMax: 500, inFlightMax: 1, waitingMax: 100_000 })
  return (permit, end) => batch.add({ permit, end })
}
