import { randomUUID } from 'node:crypto'
import { classifyFailure } from '../db/failure.ts'
import type { Database } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import { makePermit, type Permit } from './permit-maker.ts'

/** A message whose `dispatched` is committed: send it now, once. */
export interface Dispatched {
  readonly permit: Permit
  /** Number of this attempt, 1 for the first. */
  readonly attempts: number
  readonly recipient: string
  readonly sender: string | null
  readonly body: string
}

interface DispatchedRow {
  message_uuid: string
  attempts: number
  recipient: string
  sender: string | null
  body: string
}

const dispatch = statement<DispatchedRow>(import.meta.url, './sql/dispatch.sql')
const dispatchedUnder = statement<DispatchedRow>(import.meta.url, './sql/dispatched-under.sql')
const dispatchLegacy = statement<{ message_uuid: string }>(import.meta.url, './sql/dispatch-legacy.sql')

const LOST_ANSWERS_MAX = 16

/** The second compare-and-set, for the service: takes claimed messages to `dispatched`. */
export interface Dispatching {
  /**
   * Up to `limit` messages, each with its permit. Throws when the database fails; a dispatch whose commit
   * answer was lost is found again by its token in a later call.
   */
  take(limit: number, provider: string): Promise<Dispatched[]>
}

export function createDispatching(database: Database): Dispatching {
  // Tokens of dispatches without an answer. They may still commit; until then the row is not theirs.
  let lostAnswers: string[] = []

  return {
    async take(limit, provider) {
      for (const token of lostAnswers) {
        const rows = await database.run(dispatchedUnder, [token])
        lostAnswers = lostAnswers.filter((lost) => lost !== token || rows.length === 0)
        if (rows.length > 0) return rows.map((row) => toDispatched(row, token))
      }
      const token = randomUUID()
      try {
        const rows = await database.run(dispatch, [limit, token, provider])
        return rows.map((row) => toDispatched(row, token))
      } catch (error) {
        if (classifyFailure(error) === 'unknown')
          lostAnswers = [...lostAnswers, token].slice(-LOST_ANSWERS_MAX)
        throw error
      }
    },
  }
}

function toDispatched(row: DispatchedRow, token: string): Dispatched {
  const { message_uuid, attempts, recipient, sender, body } = row
  return { permit: makePermit(message_uuid, 'go', token), attempts, recipient, sender, body }
}

/**
 * Takes messages that the legacy side holds (`claimed`: handed back, or proven not executed) to `dispatched`.
 * Returns permits for those that were still claimed. Not repeated: on a lost answer nothing is sent.
 */
export async function dispatchForLegacy(
  database: Database,
  messageUuids: readonly string[],
  provider: string,
): Promise<Permit[]> {
  const token = randomUUID()
  const rows = await database.run(dispatchLegacy, [messageUuids, token, provider])
  return rows.map((row) => makePermit(row.message_uuid, 'legacy', token))
}
