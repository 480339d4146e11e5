import { randomUUID } from 'node:crypto'
import type { Database } from '../db/database.ts'
import { statement } from '../db/statement.ts'

type Returned = { message_uuid: string }
const handBackStatement = statement<Returned>(import.meta.url, './sql/hand-back.sql')
const expireStatement = statement<Returned>(import.meta.url, './sql/expire-legacy.sql')

/**
 * `claimed(go) -> claimed(legacy)` for up to `limit` messages that no dispatch has touched, oldest first.
 * Returns them. Safe to repeat: what was handed back or dispatched meanwhile is left alone.
 */
export async function handBack(database: Database, limit: number, reason: string): Promise<string[]> {
  const rows = await database.run(handBackStatement, [limit, randomUUID(), reason])
  return rows.map((row) => row.message_uuid)
}

/** `claimed(legacy) -> void`: too old to be wanted. Returns those that were still claimed. */
export async function expireForLegacy(
  database: Database,
  messageUuids: readonly string[],
  reason: string,
): Promise<string[]> {
  const rows = await database.run(expireStatement, [messageUuids, randomUUID(), reason])
  return rows.map((row) => row.message_uuid)
}
