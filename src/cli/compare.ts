import { Command, Option } from 'commander'
import { findGate } from '../operator/gates.ts'
import { judgeGate } from '../operator/judge-gate.ts'
import { recordMeasurement } from '../operator/check-gate.ts'
import { ofComparison } from '../operator/of-comparison.ts'
import { readNowMs } from '../reconcile/clock.ts'
import { compareShadow, type Comparison } from '../reconcile/compare-shadow.ts'
import { registerDifference, type NewDifference } from '../reconcile/shadow-differences.ts'
import { shadowFields, type ShadowField } from '../reconcile/shadow-fields.ts'
import { parseWindow } from '../reconcile/window.ts'
import type { CliContext } from './context.ts'
import { withDatabases } from './open-databases.ts'
import type { Reach } from './reach.ts'
import type { Outcome } from './shell.ts'
import { renderComparison } from './render-comparison.ts'
import { verdictCodes, worstOf, type Verdict } from './verdicts.ts'

const DAY = '24h'

export interface Compared extends Comparison {
  readonly verdict: Verdict
  readonly reasons: readonly string[]
}

/** Compares shadowed messages; judged as the gates of SHADOW would. A day's comparison is kept as evidence. */
export function runCompare(reach: Reach, options: { readonly window?: string }): Promise<Outcome<Compared>> {
  return withDatabases(reach, async (databases) => {
    const text = options.window ?? DAY
    const parsed = parseWindow(text, await readNowMs(databases.legacy))
    if ('problem' in parsed) return { kind: 'usage', detail: `compare: ${parsed.problem}` }
    const comparison = await compareShadow({ ...databases, window: parsed.window })
    const found = ofComparison(comparison)
    if (text === DAY) await recordMeasurement(databases, 'shadow', found)
    const measurement = { ...found, window: comparison.window, epoch: 0, code_version: '' }
    const judged = ['shadow-coverage', 'shadow-agreement'].flatMap((name) => {
      const gate = findGate(name)
      return gate ? [judgeGate(gate, { measurement, ageMs: 0 })] : []
    })
    const verdict = worstOf(judged.map((one) => one.verdict))
    return {
      kind: 'done',
      value: { ...comparison, verdict, reasons: judged.flatMap(({ reasons }) => reasons) },
    }
  })
}

export function runRegister(
  reach: Reach,
  difference: NewDifference,
): Promise<Outcome<{ difference_id: number }>> {
  return withDatabases(reach, async ({ legacy }) => {
    const until = Date.parse(difference.until)
    if (Number.isNaN(until) || until <= (await readNowMs(legacy))) {
      return {
        kind: 'usage',
        detail: `compare register: --until: needs a time ahead, in ISO 8601: ${difference.until}`,
      }
    }
    return { kind: 'done', value: { difference_id: await registerDifference(legacy, difference) } }
  })
}

interface RegisterOptions {
  readonly field: ShadowField
  readonly legacy?: string | null
  readonly service?: string | null
  readonly why: string
  readonly owner: string
  readonly until: string
}

export function compareCommand({ reach, report, finish }: CliContext): Command {
  const command = new Command('compare')
    .description('compare what the legacy side did in SHADOW with what the service would have done')
    .option('--window <length>', 'messages of so long back (90m, 24h, 7d), or FROM..TO (default: 24h)')
    .option('--json', 'the answer as JSON')
    .action(async (options: { window?: string; json?: boolean }) => {
      const outcome = await runCompare(reach, options)
      if (outcome.kind === 'done') finish(verdictCodes[outcome.value.verdict])
      report(outcome, options, renderComparison)
    })
  command
    .command('register')
    .description('register a difference that is meant to be, until its end')
    .addOption(new Option('--field <field>', 'what differs').choices([...shadowFields]).makeOptionMandatory())
    .option('--legacy <value>', 'only with this value on the legacy side (of a verdict: send, refuse)')
    .option('--service <value>', "only with this value on the service's side")
    .requiredOption('--why <text>', 'why it is meant to be')
    .requiredOption('--owner <name>', 'who answers for it')
    .requiredOption('--until <time>', 'its end, ISO 8601')
    .action(async ({ legacy = null, service = null, ...options }: RegisterOptions) => {
      const difference = { ...options, legacy_value: legacy, service_value: service, actor: 'baton compare' }
      report(
        await runRegister(reach, difference),
        command.opts<{ json?: boolean }>(),
        ({ difference_id }) => `Registered: ${difference_id}`,
      )
    })
  return command
}
