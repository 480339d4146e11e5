import { randomUUID } from 'node:crypto'
import type { Database } from '../db/database.ts'
import { statement } from '../db/statement.ts'

const lanesStatement = statement<{ lane: string }>(import.meta.url, './sql/lanes.sql')
const move = statement<{ message_uuid: string }>(import.meta.url, './sql/move-lane.sql')
const expire = statement<{ message_uuid: string }>(import.meta.url, './sql/expire-go.sql')
const withdrawStatement = statement<{ message_uuid: string }>(import.meta.url, './sql/withdraw-go.sql')

const MOVED_MAX = 1_000
const ROUNDS_MAX = 100

/**
 * Moves claimed messages out of lanes whose provider is paused or gone, as far as their route has an open one.
 * Nothing of them was sent there: they are claimed, not dispatched. Returns how many moved.
 */
export async function moveStuck(
  database: Database,
  open: readonly string[],
  paused: readonly string[],
): Promise<number> {
  const lanes = (await database.run(lanesStatement)).map(({ lane }) => lane)
  const stuck = lanes.filter((lane) => lane !== '' && !open.includes(lane))
  if (stuck.length === 0) return 0
  let moved = 0
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const rows = await database.run(move, [MOVED_MAX, open, paused, stuck])
    moved += rows.length
    if (rows.length < MOVED_MAX) break
  }
  return moved
}

/** `claimed(go) -> void` for what is past its validity; returns them, at most `limit`. */
export async function expireForService(database: Database, limit = 1_000): Promise<string[]> {
  return (await database.run(expire, [limit, randomUUID()])).map((row) => row.message_uuid)
}

/** `claimed(go) -> void`; returns those that were still claimed. */
export async function withdraw(
  database: Database,
  messageUuids: readonly string[],
  reason: string,
): Promise<string[]> {
  const rows = await database.run(withdrawStatement, [messageUuids, randomUUID(), reason])
  return rows.map((row) => row.message_uuid)
}
