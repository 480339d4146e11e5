import { openDatabase, type Database } from '../db/database.ts'
import { reconciliation } from '../reconcile/pairs.ts'
import { reconcile } from '../reconcile/reconcile.ts'
import type { Report } from '../reconcile/report.ts'
import { everything } from '../reconcile/window.ts'
import { liftFence, raiseFence, readFence, type Fence } from '../restore/fence.ts'
import { markLost, type Marked } from '../restore/mark.ts'
import type { RestoreDatabases, Step } from '../restore/restore-step.ts'
import { settleRecorded, type SettledRecorded } from '../restore/settle-recorded.ts'
import type { Outcome } from './shell.ts'

export interface RestoreUrls {
  /** Of the database with the ledger, as its administrator. */
  readonly adminUrl: string
  /** Of the database with sms_logs. */
  readonly legacyAdminUrl: string
}

export interface Settled extends SettledRecorded {
  readonly verdict: Report['verdict']
  readonly mismatches: number
}

const ACTOR = 'baton restore'
const STATEMENT_TIMEOUT_MS = 600_000

/** Runs `work` on both databases as their administrators and closes them. */
async function withAdministrators<Value>(
  { adminUrl, legacyAdminUrl }: RestoreUrls,
  work: (databases: RestoreDatabases) => Promise<Outcome<Value>>,
): Promise<Outcome<Value>> {
  const databases = { legacy: open(legacyAdminUrl), messaging: open(adminUrl) }
  try {
    return await work(databases)
  } catch (error) {
    return {
      kind: 'unreachable',
      detail: `restore: ${error instanceof Error ? error.message : String(error)}`,
    }
  } finally {
    await Promise.all([databases.legacy.close(), databases.messaging.close()])
  }
}

function open(url: string): Database {
  return openDatabase({
    url,
    name: 'baton restore',
    connectionsMax: 3,
    connectTimeoutMs: 5_000,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    onError: () => {}, // shows in the statement that meets it
  })
}

const outcomeOf = <Value>(step: Step<Value>): Outcome<Value> =>
  step.kind === 'done' ? step : { kind: 'refused', detail: `restore: ${step.why}` }

/** The open fence, or null. */
export function showFence(urls: RestoreUrls): Promise<Outcome<Fence | null>> {
  return withAdministrators(urls, async ({ messaging }) => ({
    kind: 'done',
    value: (await readFence(messaging)) ?? null,
  }))
}

export function fenceSends(
  urls: RestoreUrls,
  { reason, execute }: { reason: string; execute: boolean },
): Promise<Outcome<Fence | null>> {
  return withAdministrators(urls, async (databases) => ({
    kind: 'done',
    value: execute
      ? await raiseFence(databases, reason, ACTOR)
      : ((await readFence(databases.messaging)) ?? null),
  }))
}

export function markForgotten(
  urls: RestoreUrls,
  options: { takenAt?: Date; marginMs: number; execute: boolean },
): Promise<Outcome<Marked>> {
  return withAdministrators(urls, async (databases) => outcomeOf(await markLost(databases, options)))
}

/** Settles what the gateway has on record, then compares everything. */
export function reconcileRestored(urls: RestoreUrls, execute: boolean): Promise<Outcome<Settled>> {
  return withAdministrators(urls, async (databases) => {
    const step = await settleRecorded(databases, { execute, actor: ACTOR })
    if (step.kind !== 'done') return outcomeOf(step)
    const report = await reconcile({
      ...databases,
      question: reconciliation,
      window: everything,
      isFull: true,
      throttlePercent: 100,
    })
    const mismatches = Object.values(report.mismatches).reduce((sum, count) => sum + count, 0)
    return { kind: 'done', value: { ...step.value, verdict: report.verdict, mismatches } }
  })
}

export function reopenSends(
  urls: RestoreUrls,
  options: { nothingLost: boolean; execute: boolean },
): Promise<Outcome<Fence>> {
  return withAdministrators(urls, async (databases) =>
    outcomeOf(await liftFence(databases, { ...options, actor: ACTOR })),
  )
}
