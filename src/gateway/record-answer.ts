import type { MessageOutcome } from '../core/message-outcome.ts'
import { settleQuota } from '../core/quota.ts'
import type { Database, Runner } from '../db/database.ts'
import { groupCommit } from '../db/group-commit.ts'
import { statement } from '../db/statement.ts'
import { untilKnown } from '../db/until-known.ts'
import { modeOf, type SmsRequest } from './sms-request.ts'

export interface Answered {
  readonly request: SmsRequest
  readonly outcomes: readonly MessageOutcome[]
  /** Ends the request. The text is kept for requests with a key; null for a message settled afterwards. */
  readonly answer: { readonly json: string | null } | null
}

const record = statement<never>(import.meta.url, './sql/record-answer.sql')

const BATCH_MESSAGES_MAX = 1_000

/**
 * The only writer of real rows in `sms_logs`, batched. Rejects when the database stays away for `deadlineMs`;
 * the request then stays open and the settler records it from the ledger.
 */
export function createRecordAnswer(
  database: Database,
  deadlineMs: number,
): (answered: Answered) => Promise<void> {
  const batches = groupCommit<Answered, undefined>({
    run: async (batch) => {
      await untilKnown(deadlineMs, () => recordAnswers(database, batch))
      return batch.map(() => undefined)
    },
    batchMax: BATCH_MESSAGES_MAX,
    // As at entry: the quota account's lock lets one batch through at a time.
    inFlightMax: 1,
    weigh: ({ outcomes }) => outcomes.length,
  })
  return (answered) => batches.add(answered)
}

/** Records outcomes in one statement; again it changes nothing. */
export async function recordAnswers(runner: Runner, batch: readonly Answered[]): Promise<void> {
  await runner.run(record, toParameters(batch))
}

function toParameters(batch: readonly Answered[]) {
  const all = batch.flatMap(({ request, outcomes }) => outcomes.map((outcome) => ({ request, outcome })))
  const decided = all.filter(({ outcome }) => !outcome.pending)
  const pending = all.filter(({ outcome }) => outcome.pending)
  const settlements = decided.flatMap(({ request, outcome }) => {
    const settlement = settleQuota(modeOf(request, outcome.messageUuid), outcome)
    return settlement ? [{ request, outcome, charged: settlement === 'charged' }] : []
  })
  const ended = batch.flatMap(({ request, answer }) => (answer ? [{ request, json: answer.json }] : []))
  return [
    decided.map(({ outcome }) => outcome.messageUuid),
    decided.map(({ outcome }) => outcome.source),
    decided.map(({ outcome }) => (outcome.status === 'unresolved' ? 'in_doubt' : outcome.status)),
    decided.map(({ outcome }) => outcome.providerMessageId),
    decided.map(({ request }) => request.requestId),
    decided.map(({ request }) => request.tenant),
    decided.map(({ request, outcome }) => request.recipientMap.get(outcome.messageUuid) ?? null),
    decided.map(({ request, outcome }) => modeOf(request, outcome.messageUuid)),
    decided.map(({ request }) => request.setting.epoch),
    decided.map(({ outcome }) => outcome.fallback),
    decided.map(({ outcome }) => outcome.reason),
    settlements.map(({ outcome }) => outcome.messageUuid),
    settlements.map(({ request }) => request.tenant),
    settlements.map(({ charged }) => charged),
    pending.map(({ outcome }) => outcome.messageUuid),
    pending.map(({ request }) => request.requestId),
    pending.map(({ outcome }) => outcome.fallback),
    pending.map(({ outcome }) => outcome.reason ?? outcome.status),
    pending.map(({ outcome }) => outcome.pending?.unspentToken ?? null),
    ended.map(({ request }) => request.requestId),
    ended.map(({ json }) => json),
    pending.map(({ outcome }) => outcome.pending?.dueAt ?? null),
  ]
}
