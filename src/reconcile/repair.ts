import pg from 'pg'
import type { Database, Runner } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import { recordAnswers } from '../gateway/record-answer.ts'
import { readRequest } from '../gateway/request-store.ts'
import type { SmsRequest } from '../gateway/sms-request.ts'
import { classify, type Finding, type Grace } from './classify.ts'
import { readRecords, type MessageRecord } from './message-record.ts'
import { planRepair, type Repair } from './plan-repair.ts'

/**
 *   planned   what would be done: a dry run
 *   repaired  done, and recorded in reconcile_repairs in the same transaction
 *   gone      the mismatch is no more
 *   left      not the gateway's to repair, or it cannot be
 */
export interface RepairResult {
  readonly finding: Finding
  readonly repair: Repair
  readonly result: 'planned' | 'repaired' | 'gone' | 'left'
  readonly detail: string
}

export interface RepairOptions {
  readonly legacy: Database
  readonly messaging: Runner
  readonly runId: string
  readonly grace: Grace
  /** Without it nothing is written. */
  readonly execute: boolean
  readonly actor: string
}

type Returned = { message_uuid: string }
const correctVerdict = statement<Returned>(import.meta.url, './sql/correct-verdict.sql')
const writeEnding = statement<Returned>(import.meta.url, './sql/write-ending.sql')
const writeDryVerdict = statement<Returned>(import.meta.url, './sql/write-dry-verdict.sql')
const settleQuota = statement<{ tenant: string }>(import.meta.url, './sql/settle-quota.sql')
const logRepair = statement<never>(import.meta.url, './sql/log-repair.sql')

const CHECK_VIOLATION = '23514'

/**
 * Repairs one finding in the gateway's tables from the service's record, read afresh. Run again it does nothing:
 * each write is keyed by message_uuid and asks for the wrong state. Never given a finding in flight.
 */
export async function repairFinding(options: RepairOptions, finding: Finding): Promise<RepairResult> {
  const { legacy, messaging, grace, execute } = options
  const [record] = await readRecords(legacy, messaging, [finding.messageUuid])
  const isStill =
    record &&
    classify(record, grace).some(
      ({ kind, dryRun, inFlight }) => kind === finding.kind && dryRun === finding.dryRun && !inFlight,
    )
  const answer = (result: RepairResult['result'], repair: Repair, detail: string): RepairResult => ({
    finding,
    repair,
    result,
    detail,
  })
  if (!isStill) return answer('gone', { action: 'none', why: 'it agrees now' }, 'it agrees now')
  const repair = planRepair(finding, record)
  if (repair.action === 'none') return answer('left', repair, repair.why)
  if (!execute) return answer('planned', repair, describe(repair))
  const stored = record.request && (await readRequest(legacy, record.request.requestId))
  if (!stored) return answer('left', repair, 'its request cannot be read')
  try {
    await legacy.transaction((runner) =>
      perform(runner, options, { finding, record, repair, request: stored.request }),
    )
    return answer('repaired', repair, describe(repair))
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== CHECK_VIOLATION) throw error
    return answer('left', repair, `the table refuses it: ${error.constraint ?? error.message}`)
  }
}

interface Work {
  readonly finding: Finding
  readonly record: MessageRecord
  readonly repair: Exclude<Repair, { action: 'none' }>
  readonly request: SmsRequest
}

async function perform(runner: Runner, { runId, actor }: RepairOptions, work: Work): Promise<void> {
  const { finding, repair } = work
  await write(runner, work)
  await runner.run(logRepair, [
    runId,
    finding.messageUuid,
    finding.kind,
    finding.dryRun,
    repair.action,
    `sms_logs: ${finding.sms}; service: ${finding.go}; ${finding.detail}`,
    describe(repair),
    actor,
  ])
}

function write(runner: Runner, work: Work): Promise<unknown> {
  const { finding, record, repair, request } = work
  const { messageUuid } = finding
  switch (repair.action) {
    case 'write_verdict':
      return writeVerdict(runner, work, repair.status)
    case 'write_dry_verdict': {
      const recipient = request.recipientMap.get(messageUuid) ?? ''
      const { requestId, tenant, setting } = request
      const row = [messageUuid, repair.status, requestId, tenant, recipient, setting.epoch]
      return runner.run(writeDryVerdict, [...row, reasonOf(record.go.dry)])
    }
    case 'correct_verdict':
      return correct(runner, work, repair.status)
    case 'correct_dry_verdict':
      return runner.run(correctVerdict, [messageUuid, true, repair.status, reasonOf(record.go.dry)])
    case 'write_ending': {
      const real = record.go.real
      return runner.run(writeEnding, [messageUuid, repair.status, reasonOf(real), real?.version ?? 0])
    }
    case 'settle_quota':
      return runner.run(settleQuota, [messageUuid, request.tenant, repair.charged])
  }
}

const reasonOf = (row: { readonly reason: string | null } | null): string | null => row?.reason ?? null

/** As the gateway would have recorded it: sms_logs, quota and the settler's work list together. */
function writeVerdict(
  runner: Runner,
  { finding: { messageUuid }, record, request }: Work,
  status: 'accepted' | 'rejected',
): Promise<void> {
  const providerMessageId = record.go.real?.providerMessageId ?? null
  const base = { messageUuid, source: 'go', fallback: null, pending: null } as const
  const outcomes = [{ ...base, status, providerMessageId, reason: reasonOf(record.go.real) }]
  return recordAnswers(runner, [{ request, outcomes, answer: null }])
}

async function correct(
  runner: Runner,
  { finding: { messageUuid }, record, request }: Work,
  status: 'accepted' | 'rejected',
): Promise<void> {
  await runner.run(correctVerdict, [messageUuid, false, status, reasonOf(record.go.real)])
  if (record.sms.go?.mode === 'ON') {
    await runner.run(settleQuota, [messageUuid, request.tenant, status === 'accepted'])
  }
}

function describe(repair: Exclude<Repair, { action: 'none' }>): string {
  switch (repair.action) {
    case 'settle_quota':
      return `quota_settlements: ${repair.charged ? 'charged' : 'released'}`
    case 'write_verdict':
    case 'correct_verdict':
      return `sms_logs: go ${repair.status}`
    case 'write_ending':
      return `sms_logs: go, then ${repair.status}`
    case 'write_dry_verdict':
    case 'correct_dry_verdict':
      return `sms_logs: dry run ${repair.status}`
  }
}
