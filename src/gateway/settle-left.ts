import type { Logger } from 'pino'
import type { Claims } from '../authority/claim.ts'
import type { AuthorityRow } from '../core/authority-state.ts'
import { outcomeFromLedger } from '../core/message-outcome.ts'
import type { Database } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import { answerFor } from './answer.ts'
import type { Presence } from './presence.ts'
import type { Answered } from './record-answer.ts'
import { readRequest, takeOver } from './request-store.ts'

export interface SettleLeftOptions {
  readonly database: Database
  readonly presence: Presence
  readonly inProgress: ReadonlySet<string>
  readonly readLedger: (messageUuids: readonly string[]) => Promise<Map<string, AuthorityRow>>
  readonly giveUp: Claims['giveUp']
  readonly record: (answered: Answered) => Promise<void>
  /** So long a request has to be answered before anybody asks. */
  readonly graceMs: number
  /** So long a caller with an Idempotency-Key has to come again. */
  readonly keyedGraceMs: number
  readonly log: Logger
}

const BATCH_MAX = 100

const left = statement<{ request_id: string; owner: number; keyed: boolean; too_old: boolean }>(
  import.meta.url,
  './sql/left-requests.sql',
)

/**
 * Ends requests that their gateway left without an answer: what the ledger does not have is voided, never sent
 * late; the rest is recorded as the ledger has it. One run over the oldest of them.
 */
export async function settleLeftRequests(options: SettleLeftOptions): Promise<void> {
  const { database, presence, inProgress, graceMs, keyedGraceMs } = options
  const rows = await database.run(left, [graceMs, keyedGraceMs, BATCH_MAX])
  for (const { request_id, owner, keyed, too_old } of rows) {
    if (inProgress.has(request_id) || (keyed && !too_old)) continue
    const isLeft = owner === presence.owner || (await presence.isGone(owner))
    if (isLeft && (await takeOver(database, request_id, owner, presence.owner)))
      await settle(options, request_id)
  }
}

async function settle(options: SettleLeftOptions, requestId: string): Promise<void> {
  const { database, readLedger, giveUp, record, log } = options
  const stored = await readRequest(database, requestId)
  if (!stored || stored.answered) return
  const { request } = stored
  const messageUuids = [...request.recipientMap.keys()]
  const present = await readLedger(messageUuids)
  const absent = messageUuids.filter((messageUuid) => !present.has(messageUuid))
  if (absent.length > 0) await giveUp(absent, 'the request was left without an answer')
  const rows = await readLedger(messageUuids)
  const outcomes = [...rows.values()].map(outcomeFromLedger)
  const json = request.keyed ? JSON.stringify(answerFor(request, outcomes)) : null
  await record({ request, outcomes, answer: { json } })
  log.warn({ request_id: requestId, voided: absent.length, known: present.size }, 'left request settled')
}
