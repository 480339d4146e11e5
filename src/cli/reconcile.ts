import { Command } from 'commander'
import { ofReport } from '../operator/measurements.ts'
import { recordMeasurement } from '../operator/check-gate.ts'
import { readNowMs } from '../reconcile/clock.ts'
import { reconciliation } from '../reconcile/pairs.ts'
import { GRACE_MS, reconcile, WORK_LIST_GRACE_MS, type Progress } from '../reconcile/reconcile.ts'
import { repairFinding, type RepairResult } from '../reconcile/repair.ts'
import type { Report } from '../reconcile/report.ts'
import { everything, parseWindow } from '../reconcile/window.ts'
import type { CliContext } from './context.ts'
import { wholeNumber } from './numbers.ts'
import { withDatabases, type BothDatabases } from './open-databases.ts'
import type { Reach } from './reach.ts'
import type { Outcome } from './shell.ts'
import { table } from './table.ts'
import { verdictCodes } from './verdicts.ts'

export interface ReconcileVerbOptions {
  readonly window?: string
  readonly repair?: boolean
  readonly execute?: boolean
  readonly full?: boolean
  readonly throttle?: number
  readonly onProgress?: (progress: Progress) => void
}

export interface Reconciled {
  /** How it stands now: after the repairs, when some were made. */
  readonly report: Report
  readonly repairs: readonly RepairResult[]
}

/** Compares both logs and quota; a run over everything is kept as evidence. */
export function runReconcile(reach: Reach, options: ReconcileVerbOptions): Promise<Outcome<Reconciled>> {
  if (options.execute && !options.repair) {
    return Promise.resolve({ kind: 'usage', detail: 'reconcile: --execute goes with --repair' })
  }
  return withDatabases(reach, async (databases) => {
    const parsed =
      options.window === undefined
        ? { window: everything }
        : parseWindow(options.window, await readNowMs(databases.legacy))
    if ('problem' in parsed) return { kind: 'usage', detail: `reconcile: ${parsed.problem}` }
    const { full: isFull = false, throttle: throttlePercent = 100, onProgress } = options
    const run = () =>
      reconcile({
        ...databases,
        question: reconciliation,
        window: parsed.window,
        isFull,
        throttlePercent,
        ...(onProgress ? { onProgress } : {}),
      })
    let report = await run()
    const repairs = options.repair ? await repairAll(databases, report, options.execute ?? false) : []
    if (repairs.some(({ result }) => result === 'repaired')) report = await run()
    if (options.window === undefined) await recordMeasurement(databases, 'reconciliation', ofReport(report))
    return { kind: 'done', value: { report, repairs } }
  })
}

async function repairAll(
  databases: BothDatabases,
  report: Report,
  execute: boolean,
): Promise<RepairResult[]> {
  const grace = { graceMs: GRACE_MS, workListGraceMs: WORK_LIST_GRACE_MS }
  const options = { ...databases, runId: report.run_id, grace, execute, actor: 'baton reconcile' }
  const results: RepairResult[] = []
  for (const finding of report.findings) {
    if (!finding.inFlight) results.push(await repairFinding(options, finding))
  }
  return results
}

interface CommandOptions {
  readonly window?: string
  readonly repair?: boolean
  readonly execute?: boolean
  readonly full?: boolean
  readonly throttle?: number
  readonly json?: boolean
}

export function reconcileCommand({ shell, reach, report, finish }: CliContext): Command {
  return new Command('reconcile')
    .description('compare sms_logs with go_sms_logs, and quota, by message_uuid')
    .option('--window <length>', 'only messages of so long back (90m, 24h, 7d), or FROM..TO in ISO 8601')
    .option('--repair', "show what the gateway can repair in its own tables from the service's record")
    .option('--execute', 'with --repair: repair it')
    .option('--full', 'compare what is remembered as compared, too')
    .option('--throttle <percent>', 'share of the time it may work', wholeNumber(1, 100))
    .option('--json', 'the answer as JSON')
    .action(async (options: CommandOptions) => {
      const outcome = await runReconcile(reach, {
        ...options,
        ...(options.json ? {} : { onProgress: showProgress(shell.complain) }),
      })
      if (outcome.kind === 'done') finish(verdictCodes[outcome.value.report.verdict])
      report(outcome, options, render)
    })
}

const PROGRESS_EVERY_MS = 1_000

/** A line a second at most. */
export function showProgress(print: (line: string) => void): (progress: Progress) => void {
  let lastMs = performance.now()
  return ({ pair, messages, findings }) => {
    if (performance.now() - lastMs < PROGRESS_EVERY_MS) return
    lastMs = performance.now()
    print(`${pair}: ${messages} messages compared, ${findings} findings`)
  }
}

const LINES_MAX = 50

function render({ report, repairs }: Reconciled): string {
  const { verdict, rule, window, pairs, mismatches, in_flight, findings, findings_left_out } = report
  const unlisted = Math.max(0, findings.length - LINES_MAX) + findings_left_out
  return [
    `${verdict}   ${rule}`,
    `window ${window.from} to ${window.to ?? 'now'}, ${report.elapsed_ms} ms`,
    table(
      ['comparison', 'left', 'right', 'remembered'],
      Object.entries(pairs).map(([name, pair]) => [
        name,
        pair.left_messages,
        pair.right_messages,
        pair.remembered_messages,
      ]),
    ),
    table(['mismatch', 'messages'], [...Object.entries(mismatches), ['(in flight)', in_flight]]),
    ...findings
      .slice(0, LINES_MAX)
      .map(
        ({ kind, messageUuid, dryRun, inFlight, sms, go, detail }) =>
          `${inFlight ? 'in flight' : kind}${dryRun ? ' (dry run)' : ''} ${messageUuid}: ${detail}: sms_logs ${sms}; service ${go}`,
      ),
    ...(unlisted > 0 ? [`and ${unlisted} more: see --json`] : []),
    ...repairs.map(({ finding, result, detail }) => `${result} ${finding.messageUuid}: ${detail}`),
  ].join('\n')
}
