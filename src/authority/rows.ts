import type { AuthorityRow, AuthorityState, Holder } from '../core/authority-state.ts'
import type { Runner } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import { untilKnown } from '../db/until-known.ts'
import { LedgerUnavailable } from './unavailable.ts'

interface SqlRow {
  message_uuid: string
  state: AuthorityState
  holder: Holder | null
  epoch: number
  attempt_token: string
  provider: string | null
  provider_message_id: string | null
  reason: string | null
  held_until: Date | null
}

const read = statement<SqlRow>(import.meta.url, './sql/read.sql')

/** The ledger's rows of these messages, by uuid. A message without a row is absent. */
export async function readAuthority(
  runner: Runner,
  messageUuids: readonly string[],
): Promise<Map<string, AuthorityRow>> {
  const rows = await runner.run(read, [messageUuids])
  return new Map(rows.map((row) => [row.message_uuid, toAuthorityRow(row)]))
}

/** The same, asked again until it answers; throws {@link LedgerUnavailable} after `deadlineMs`. */
export async function readAuthorityWithin(
  runner: Runner,
  deadlineMs: number,
  messageUuids: readonly string[],
): Promise<Map<string, AuthorityRow>> {
  return untilKnown(deadlineMs, () => readAuthority(runner, messageUuids)).catch((error: unknown) => {
    throw new LedgerUnavailable('read', null, error)
  })
}

function toAuthorityRow(row: SqlRow): AuthorityRow {
  return {
    messageUuid: row.message_uuid,
    state: row.state,
    holder: row.holder,
    epoch: row.epoch,
    attemptToken: row.attempt_token,
    provider: row.provider,
    providerMessageId: row.provider_message_id,
    reason: row.reason,
    heldUntil: row.held_until?.toISOString() ?? null,
  }
}
