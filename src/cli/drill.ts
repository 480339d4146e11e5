import { dirname } from 'node:path'
import { Command } from 'commander'
import { openPeer, type HttpPeer } from '../http/exchange.ts'
import { keepHead, keptHeadsOf } from '../operator/kept-heads.ts'
import type { Drill } from '../operator/drills/drill.ts'
import { drills, runDrill, type DrillReport } from '../operator/drills/run-drill.ts'
import type { CliContext } from './context.ts'
import { withDatabases } from './open-databases.ts'
import type { Reach } from './reach.ts'
import { cliSettings } from './settings.ts'
import type { Outcome } from './shell.ts'
import { table } from './table.ts'
import { verdictCodes } from './verdicts.ts'

export interface DrillOptions {
  /** E.164; a number that is reserved for examples by default. */
  readonly recipient?: string
  readonly duringOn?: boolean
  readonly signal: AbortSignal
  readonly say: (line: string) => void
}

const CONNECTIONS_MAX = 2

/** Runs one drill against a running Baton. */
export function runDrillAt(reach: Reach, drill: Drill, options: DrillOptions): Promise<Outcome<DrillReport>> {
  const gatewayUrl = reach.get('BATON_GATEWAY_URL')
  const operatorKey = reach.get('BATON_OPERATOR_KEY')
  if (gatewayUrl === undefined || operatorKey === undefined) {
    const detail = `BATON_GATEWAY_URL or BATON_OPERATOR_KEY: is not set, and there is none in ${reach.envFile}: is baton up running?`
    return Promise.resolve({ kind: 'usage', detail })
  }
  const { recipient = cliSettings.drillRecipient.fallback ?? '', duringOn = false, signal, say } = options
  return withDatabases(reach, async (databases) => {
    const gateway = openPeer(gatewayUrl, CONNECTIONS_MAX)
    const faults = openAt(reach.get('BATON_FAULTS_URL'))
    const carrier = openAt(reach.get('BATON_SANDBOX_URL'))
    try {
      const places = { ...databases, gateway, operatorKey, faults, carrier }
      const report = await runDrill({ ...places, recipient, duringOn, signal, say }, drill)
      if (report.evidence) keepHead(keptHeadsOf(dirname(reach.envFile)), report.evidence)
      return { kind: 'done', value: report }
    } finally {
      await Promise.all([gateway, faults, carrier].flatMap((peer) => (peer ? [peer.close()] : [])))
    }
  })
}

function openAt(url: string | undefined): HttpPeer | null {
  return url === undefined ? null : openPeer(url, CONNECTIONS_MAX)
}

const abouts: Readonly<Record<string, string>> = {
  timeout: 'answers get lost and requests are late: nothing is sent twice',
  breaker: 'the breaker opens: the legacy side sends; then the service is called again',
  'service-down': 'the service cannot be reached: the legacy side sends',
  rollback: 'ON is switched off: the legacy side goes on, each message once',
  reconcile: 'messages of both sides reconcile, and what is missing is found',
}

export function drillCommand(context: CliContext): Command {
  const command = new Command('drill').description(
    'rehearse what may go wrong, with marked messages of a tenant of their own; evidence for the gates',
  )
  for (const drill of drills) command.addCommand(commandOf(drill, context))
  return command
}

function commandOf(drill: Drill, { shell, reach, report, finish }: CliContext): Command {
  const command = new Command(drill.name)
    .description(abouts[drill.name] ?? drill.gate.about)
    .option('--json', 'the answer as JSON')
  if (drill.needsFaults) {
    command.option('--during-on', 'also while others are in ON: the faults make their messages fall back')
  }
  return command.action(async (options: { json?: boolean; duringOn?: boolean }) => {
    const stopping = new AbortController()
    shell.onSignal((reason) => stopping.abort(new Error(`broken off: ${reason}`)))
    const recipient = shell.environment[cliSettings.drillRecipient.name]
    const outcome = await runDrillAt(reach, drill, {
      ...(recipient ? { recipient } : {}),
      ...(options.duringOn ? { duringOn: true } : {}),
      signal: stopping.signal,
      say: shell.complain,
    })
    if (outcome.kind === 'done') finish(verdictCodes[outcome.value.verdict])
    report(outcome, options, render)
  })
}

function render({ drill, verdict, refused, reasons, counts }: DrillReport): string {
  const head = refused ? `${verdict}   drill ${drill} did not run:` : `${verdict}   drill ${drill}`
  return [
    head,
    ...reasons.map((reason) => `  ${reason}`),
    '',
    table(['count', 'value'], Object.entries(counts)),
  ]
    .join('\n')
    .trimEnd()
}
