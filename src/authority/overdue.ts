import type { Holder } from '../core/authority-state.ts'
import type { Database } from '../db/database.ts'
import { statement } from '../db/statement.ts'

type Returned = { message_uuid: string }
const statements = {
  legacy: statement<Returned>(import.meta.url, './sql/flag-legacy.sql'),
  go: statement<Returned>(import.meta.url, './sql/flag-go.sql'),
} as const

/**
 * The reaper: `dispatched` without an outcome for `olderThanMs` (by the database's clock) becomes `in_doubt`.
 * It only flags; nothing is freed by time. Returns the flagged messages, at most `limit`.
 */
export async function flagOverdue(
  database: Database,
  holder: Holder,
  olderThanMs: number,
  limit = 500,
): Promise<string[]> {
  const rows = await database.run(statements[holder], [olderThanMs, limit])
  return rows.map((row) => row.message_uuid)
}
