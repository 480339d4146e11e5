import { Command } from 'commander'
import { recordMeasurement } from '../operator/check-gate.ts'
import { ofAudit } from '../operator/measurements.ts'
import { audit, type Audit } from '../reconcile/audit.ts'
import { readNowMs } from '../reconcile/clock.ts'
import { everything, parseWindow } from '../reconcile/window.ts'
import type { CliContext } from './context.ts'
import { withDatabases } from './open-databases.ts'
import type { Reach } from './reach.ts'
import type { Outcome } from './shell.ts'
import { table } from './table.ts'
import { verdictCodes } from './verdicts.ts'

/** Accounts for every message that was entered; an audit of everything is kept as evidence. */
export function runAudit(
  reach: Reach,
  options: { readonly window?: string; readonly full?: boolean },
): Promise<Outcome<Audit>> {
  return withDatabases(reach, async (databases) => {
    const parsed =
      options.window === undefined
        ? { window: everything }
        : parseWindow(options.window, await readNowMs(databases.legacy))
    if ('problem' in parsed) return { kind: 'usage', detail: `audit: ${parsed.problem}` }
    const value = await audit({ ...databases, window: parsed.window, isFull: options.full ?? false })
    if (options.window === undefined) await recordMeasurement(databases, 'conservation', ofAudit(value))
    return { kind: 'done', value }
  })
}

interface CommandOptions {
  readonly window?: string
  readonly full?: boolean
  readonly json?: boolean
}

export function auditCommand({ reach, report, finish }: CliContext): Command {
  return new Command('audit')
    .description('account for every message that was entered, three ways with the ledger')
    .option('--window <length>', 'only messages of so long back (90m, 24h, 7d), or FROM..TO in ISO 8601')
    .option('--full', 'compare what is remembered as compared, too')
    .option('--json', 'the answer as JSON')
    .action(async (options: CommandOptions) => {
      const outcome = await runAudit(reach, options)
      if (outcome.kind === 'done') finish(verdictCodes[outcome.value.verdict])
      report(outcome, options, render)
    })
}

const LINES_MAX = 50

function render({ verdict, balance, ledger, imbalance, report, silence }: Audit): string {
  return [
    `${verdict}   entered = legacy sent + service accepted + rejected + unresolved`,
    table(['messages', ''], [...Object.entries(balance), ['without an outcome yet', imbalance]]),
    table(['ledger', 'messages'], Object.entries(ledger)),
    ...report.findings
      .slice(0, LINES_MAX)
      .map(
        ({ kind, messageUuid, inFlight, detail }) =>
          `${inFlight ? 'in flight' : kind} ${messageUuid}: ${detail}`,
      ),
    ...(report.findings.length > LINES_MAX
      ? [`and ${report.findings.length - LINES_MAX} more: see --json`]
      : []),
    ...silence.map(
      ({ tenant, sent, expected }) => `silence: ${tenant}: ${sent} sent where ${expected} are expected`,
    ),
  ].join('\n')
}
