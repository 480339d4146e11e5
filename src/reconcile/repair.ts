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

async function write(runner: Runner, { finding, record, repair, request }: Work): Promise<void> {
  const { messageUuid } = finding
  const recipient = request.recipientMap.get(messageUuid) ?? ''
  const { requestId, tenant, setting } = request
  switch (repair.action) {
    case 'write_verdict': {
      const reason = record.go.real?.reason ?? null
      const providerMessageId = record.go.real?.providerMessageId ?? null
      const base = { messageUuid, source: 'go', fallback: null, pending: null } as const
      const outcomes = [{ ...base, status: repair.status, providerMessageId, reason }]
      return recordAnswers(runner, [{ request, outcomes, answer: null }])
    }
    case 'write_dry_verdict': {
      const reason = record.go.dry?.reason ?? null
      const row = [messageUuid, repair.status, requestId, tenant, recipient, setting.epoch, reason]
      await runner.run(writeDryVerdict, row)
      return
    }
    case 'correct_verdict':
      await runner.run(correctVerdict, [messageUuid, false, repair.status, record.go.real?.reason ?? null])
      if (record.sms.go?.mode === 'ON')
        await runner.run(settleQuota, [messageUuid, tenant, repair.status === 'accepted'])
      return
    case 'correct_dry_verdict':
      await runner.run(correctVerdict, [messageUuid, true, repair.status, record.go.dry?.reason ?? null])
      return
    case 'settle_quota':
      await runner.run(settleQuota, [messageUuid, tenant, repair.charged])
  }
}

function describe(repair: Exclude<Repair, { action: 'none' }>): string {
  switch (repair.action) {
    case 'settle_quota':
      return `quota_settlements: ${repair.charged ? 'charged' : 'released'}`
    case 'write_verdict':
    case 'correct_verdict':
      return `sms_logs: go ${repair.status}`
    case 'write_dry_verdict':
    case 'correct_dry_verdict':
      return `sms_logs: dry run ${repair.status}`
  }
}
