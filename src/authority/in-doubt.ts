import type { Database } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import { makePermit, type Permit } from './permit-maker.ts'

/** A provider that can settle a doubt, and for how long after the dispatch. */
export interface Settler {
  readonly provider: string
  readonly kind: 'look_up' | 'replay'
  readonly windowMs: number
  /** A check that has not ended by then starts no request any more. */
  readonly requestMs: number
  readonly checksMax: number
}

/** A check that stands in the ledger's database: make its request now, once. */
export interface BegunCheck {
  readonly kind: 'look_up' | 'replay'
  readonly messageUuid: string
  readonly attemptToken: string
  readonly number: number
  readonly provider: string
  /** For a replay alone: the same attempt again, so under the same token. */
  readonly permit: Permit | null
  readonly recipient: string
  readonly sender: string | null
  readonly body: string
  readonly dispatchedAtMs: number
}

interface BegunRow {
  message_uuid: string
  attempt_token: string
  number: number
  kind: 'look_up' | 'replay'
  provider: string
  recipient: string
  sender: string | null
  body: string
  dispatched_at_ms: number
}

const begin = statement<BegunRow>(import.meta.url, './sql/begin-checks.sql')
const end = statement<{ message_uuid: string }>(import.meta.url, './sql/end-check.sql')

/**
 * Begins what is due, at most `limit`. The message stays in doubt; the check is committed before its request,
 * and a replay's permit comes from it alone. When the answer is lost, the checks count as begun and nothing is
 * requested.
 */
export async function beginChecks(
  database: Database,
  settlers: readonly Settler[],
  firstPauseMs: number,
  limit: number,
): Promise<BegunCheck[]> {
  if (settlers.length === 0) return []
  const rows = await database.run(begin, [
    limit,
    settlers.map(({ provider }) => provider),
    settlers.map(({ kind }) => kind),
    settlers.map(({ windowMs }) => windowMs),
    settlers.map(({ requestMs }) => requestMs),
    settlers.map(({ checksMax }) => checksMax),
    firstPauseMs,
  ])
  return rows.map((row) => ({
    kind: row.kind,
    messageUuid: row.message_uuid,
    attemptToken: row.attempt_token,
    number: row.number,
    provider: row.provider,
    permit: row.kind === 'replay' ? makePermit(row.message_uuid, 'go', row.attempt_token) : null,
    recipient: row.recipient,
    sender: row.sender,
    body: row.body,
    dispatchedAtMs: row.dispatched_at_ms,
  }))
}

/** Keeps what the check showed, for ever. */
export async function endCheck(database: Database, check: BegunCheck, result: string): Promise<void> {
  await database.run(end, [check.messageUuid, check.attemptToken, check.number, result])
}
