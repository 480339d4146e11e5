import type { Logger } from 'pino'
import type { AuthorityRow } from '../core/authority-state.ts'
import type { Fallback } from '../core/evidence.ts'
import { outcomeFromLedger, type MessageOutcome } from '../core/message-outcome.ts'
import type { Database } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import { dispatchClaimed, type DispatchClaimedOptions } from './dispatch-claimed.ts'
import type { LegacySender } from './legacy-send.ts'
import type { Answered } from './record-answer.ts'
import { readRequest } from './request-store.ts'
import { messageOf, type SmsRequest } from './sms-request.ts'

export interface SendDueOptions extends DispatchClaimedOptions {
  readonly readLedger: (messageUuids: readonly string[]) => Promise<Map<string, AuthorityRow>>
  readonly legacy: LegacySender
  readonly record: (answered: Answered) => Promise<void>
  readonly log: Logger
}

interface DueRow {
  message_uuid: string
  request_id: string
  fallback: Fallback | null
  due_at: string
}

/** Most messages dispatched at a time: what a crash can leave in doubt. */
const PAGE_MAX = 50
const PAGES_MAX = 200

const due = statement<DueRow>(import.meta.url, './sql/due-messages.sql')

/**
 * Sends what the legacy side holds and is due, by the database's clock; what is past its validity becomes void.
 * The ledger grants each of them once, however many gateways look. One run over all that is due, until the
 * signal.
 */
export async function sendDue(options: SendDueOptions, stopping: AbortSignal): Promise<void> {
  let last = { due_at: '-infinity', message_uuid: '00000000-0000-0000-0000-000000000000' }
  const requests = new Map<string, SmsRequest>()
  for (let page = 0; page < PAGES_MAX && !stopping.aborted; page++) {
    const rows = await options.legacyDatabase.run(due, [PAGE_MAX, last.due_at, last.message_uuid])
    const end = rows.at(-1)
    if (!end) return
    last = end
    await readRequests(options.legacyDatabase, rows, requests)
    await sendPage(options, rows, requests)
  }
}

/** Leaves in `requests` those of this page; a large request spans many pages and is read once. */
async function readRequests(
  database: Database,
  rows: readonly DueRow[],
  requests: Map<string, SmsRequest>,
): Promise<void> {
  const wanted = new Set(rows.map((row) => row.request_id))
  for (const known of requests.keys()) if (!wanted.has(known)) requests.delete(known)
  for (const requestId of wanted) {
    if (requests.has(requestId)) continue
    const stored = await readRequest(database, requestId)
    if (stored) requests.set(requestId, stored.request)
  }
}

async function sendPage(
  options: SendDueOptions,
  rows: readonly DueRow[],
  requests: ReadonlyMap<string, SmsRequest>,
): Promise<void> {
  const outcomes = await outcomesOf(options, rows, requests)
  const ended = new Map(
    outcomes.flatMap((outcome) => (outcome.pending ? [] : [[outcome.messageUuid, outcome] as const])),
  )
  const byRequest = Map.groupBy(rows, (row) => row.request_id)
  const records = Array.from(byRequest, async ([requestId, ofRequest]) => {
    const request = requests.get(requestId)
    const known = ofRequest.flatMap(({ message_uuid }) => ended.get(message_uuid) ?? [])
    if (request && known.length > 0) await options.record({ request, outcomes: known, answer: null })
  })
  await Promise.all(records)
  if (ended.size > 0) options.log.info({ messages: ended.size }, 'scheduled messages ended')
}

/** Sends what the ledger grants; the others as the ledger has them: void, sent by another gateway, in doubt. */
async function outcomesOf(
  options: SendDueOptions,
  rows: readonly DueRow[],
  requests: ReadonlyMap<string, SmsRequest>,
): Promise<MessageOutcome[]> {
  const known = new Map(rows.map((row) => [row.message_uuid, { row, request: requests.get(row.request_id) }]))
  const { readLedger, legacy, log } = options
  const { permits, askedAtMs } = await dispatchClaimed(options, [...known.keys()])
  const sends = permits.map((permit) => {
    const { row, request } = known.get(permit.messageUuid) ?? {}
    if (!row || !request) throw new Error(`message ${permit.messageUuid}: is held without its request`)
    return legacy.sendUnder(permit, messageOf(request, permit.messageUuid), row.fallback, askedAtMs)
  })
  const granted = new Set(permits.map(({ messageUuid }) => messageUuid))
  const others = [...known.keys()].filter((uuid) => !granted.has(uuid))
  const authority = others.length === 0 ? new Map<string, AuthorityRow>() : await readLedger(others)
  const lost = others.filter((uuid) => !authority.has(uuid))
  // A held message always has a row; without one nobody can tell whether it was sent.
  if (lost.length > 0) log.error({ message_uuids: lost }, 'held messages are not in the ledger: not sent')
  return [...(await Promise.all(sends)), ...[...authority.values()].map(outcomeFromLedger)]
}
