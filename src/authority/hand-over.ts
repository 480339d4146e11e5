import { randomUUID } from 'node:crypto'
import type { Database, Runner } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import { untilKnown } from '../db/until-known.ts'
import { readAuthority } from './rows.ts'
import { LedgerUnavailable } from './unavailable.ts'

type Returned = { message_uuid: string }
const handBackStatement = statement<Returned>(import.meta.url, './sql/hand-back.sql')
const expireStatement = statement<Returned>(import.meta.url, './sql/expire-legacy.sql')
const heldStatement = statement<HeldMessage>(import.meta.url, './sql/held-by-go.sql')
const handedBackStatement = statement<HandedBackMessage>(import.meta.url, './sql/handed-back.sql')

/** A message that the service holds. */
export interface HeldMessage {
  readonly message_uuid: string
  /** Not to be sent before a time that has not come. */
  readonly scheduled: boolean
  /** An attempt was made, and proven not to have been executed. */
  readonly tried: boolean
  /** Its validity has passed. */
  readonly late: boolean
}

/** Up to `limit` messages that the service holds in this state, from the uuid after `after` on. */
export function heldByService(
  runner: Runner,
  state: 'claimed' | 'dispatched' | 'in_doubt',
  after: string,
  limit: number,
): Promise<HeldMessage[]> {
  return runner.run(heldStatement, [state, after, limit])
}

/**
 * `claimed(go) -> claimed(legacy)` for those of these messages that no send is under way for, by the gateway's role
 * and whether or not the service lives. Returns them; what was dispatched meanwhile is left alone. Repeated under
 * its token until the outcome is known; throws {@link LedgerUnavailable} after `deadlineMs`.
 */
export async function handBack(
  database: Database,
  messageUuids: readonly string[],
  reason: string,
  deadlineMs: number,
): Promise<string[]> {
  const token = randomUUID()
  let runs = 0
  const attempt = async () => {
    const isRerun = runs++ > 0
    const rows = await database.run(handBackStatement, [messageUuids, token, reason])
    const handed = new Set(rows.map((row) => row.message_uuid))
    const others = messageUuids.filter((uuid) => !handed.has(uuid))
    // Handed back by the run whose answer was lost, and taken further since.
    if (isRerun) for (const uuid of await heldByLegacy(database, others)) handed.add(uuid)
    return [...handed]
  }
  return untilKnown(deadlineMs, attempt).catch((error: unknown) => {
    throw new LedgerUnavailable('hand back', token, error)
  })
}

async function heldByLegacy(database: Database, messageUuids: readonly string[]): Promise<string[]> {
  const rows = await readAuthority(database, messageUuids)
  return messageUuids.filter((uuid) => rows.get(uuid)?.holder === 'legacy')
}

/** A message that the legacy side holds and has to send, or void when it is late. */
export interface HandedBackMessage {
  readonly message_uuid: string
  readonly due_at: string
  readonly late: boolean
}

/** A page of the messages that are due, the longest first, behind the last one of the page before. */
export function claimedByLegacy(
  runner: Runner,
  last: HandedBackMessage | undefined,
  limit: number,
): Promise<HandedBackMessage[]> {
  const { due_at = '-infinity', message_uuid = '00000000-0000-0000-0000-000000000000' } = last ?? {}
  return runner.run(handedBackStatement, [due_at, message_uuid, limit])
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
