import { dirname } from 'node:path'
import { Command } from 'commander'
import { openPeer } from '../http/exchange.ts'
import { checkGate, type GateResult } from '../operator/check-gate.ts'
import { latestEvidence } from '../operator/evidence.ts'
import { findGate, gates, type Gate } from '../operator/gates.ts'
import { keepHead, keptHeadsOf } from '../operator/kept-heads.ts'
import type { CliContext } from './context.ts'
import { withDatabases } from './open-databases.ts'
import type { Reach } from './reach.ts'
import type { Outcome } from './shell.ts'
import { table } from './table.ts'
import { verdictCodes, worstOf, type Verdict } from './verdicts.ts'

export interface GateState {
  readonly gate: string
  readonly about: string
  /** The last verdict; null: it was never checked. */
  readonly verdict: Verdict | null
  readonly age_ms: number | null
}

/** Every gate with its last verdict; nothing is measured. */
export function listGates(reach: Reach): Promise<Outcome<GateState[]>> {
  return withDatabases(reach, async ({ legacy }) => {
    const value: GateState[] = []
    for (const { name, about } of gates) {
      const last = await latestEvidence(legacy, 'verdict', name)
      const verdict = last ? (JSON.parse(last.payload) as { verdict: Verdict }).verdict : null
      value.push({ gate: name, about, verdict, age_ms: last?.age_ms ?? null })
    }
    return { kind: 'done', value }
  })
}

export interface CheckOptions {
  /** Null: signatures are not asked of the service on this machine. */
  readonly secret: string | null
  readonly isMeasured: boolean
}

/** Checks gates one after the other; each verdict becomes evidence, its head is kept outside the databases. */
export function checkGates(
  reach: Reach,
  names: readonly string[],
  { secret, isMeasured }: CheckOptions,
): Promise<Outcome<GateResult[]>> {
  const unknown = names.filter((name) => !findGate(name))
  const url = reach.get('BATON_SERVICE_URL') ?? 'http://127.0.0.1:8081'
  const problem =
    unknown.length > 0
      ? `gate check: no such gate: ${unknown.join(', ')}: see baton gate list`
      : URL.canParse(url)
        ? undefined
        : `BATON_SERVICE_URL: is not a URL: ${url}`
  if (problem !== undefined) return Promise.resolve({ kind: 'usage', detail: problem })
  const wanted: Gate[] = names.length > 0 ? names.flatMap((name) => findGate(name) ?? []) : [...gates]
  return withDatabases(reach, async (databases) => {
    const peer = openPeer(url, 1)
    try {
      const value: GateResult[] = []
      for (const gate of wanted) {
        const result = await checkGate({ ...databases, service: { url, peer, secret } }, gate, { isMeasured })
        keepHead(keptHeadsOf(dirname(reach.envFile)), result.head)
        value.push(result)
      }
      return { kind: 'done', value }
    } finally {
      await peer.close()
    }
  })
}

export function gateCommand({ shell, reach, report, finish }: CliContext): Command {
  const command = new Command('gate').description('what must hold before the mode may go further')
  command
    .command('list')
    .description('every gate with its last verdict')
    .option('--json', 'the answer as JSON')
    .action(async (options: { json?: boolean }) => {
      report(await listGates(reach), options, (states) =>
        table(
          ['gate', 'last', 'seconds ago', 'about'],
          states.map(({ gate, verdict, age_ms, about }) => [
            gate,
            verdict,
            age_ms === null ? null : Math.round(age_ms / 1_000),
            about,
          ]),
        ),
      )
    })
  command
    .command('check')
    .description('measure and judge; exits 0 when all pass, 1 when one fails, 3 when one holds')
    .argument('[name...]', 'the gates (default: all)')
    .option('--no-measure', 'judge the evidence there is')
    .option('--json', 'the answer as JSON')
    .action(async (names: string[], options: { measure: boolean; json?: boolean }) => {
      const secret = shell.environment['BATON_SERVICE_SECRET'] || null
      const outcome = await checkGates(reach, names, { secret, isMeasured: options.measure })
      if (outcome.kind === 'done') finish(verdictCodes[worstOf(outcome.value.map(({ verdict }) => verdict))])
      report(outcome, options, (results) =>
        table(
          ['gate', 'verdict', 'why'],
          worstLast(results).map(({ gate, verdict, reasons }) => [gate, verdict, reasons.join('; ')]),
        ),
      )
    })
  return command
}

const ORDER: readonly Verdict[] = ['PASS', 'HOLD', 'FAIL']

/** What opens no gate stands at the end, where a reader of the last line finds it. */
function worstLast(results: readonly GateResult[]): GateResult[] {
  return results.toSorted((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict))
}
