import { Command } from 'commander'
import type { Counters } from '../fault-proxy/counters.ts'
import type { FaultSetting } from '../fault-proxy/fault-setting.ts'
import { callApi } from './call.ts'
import { duration } from './duration.ts'
import { carrierFaultsCommand } from './carrier-faults.ts'
import type { CliContext } from './context.ts'
import { wholeNumber } from './numbers.ts'
import type { Reach } from './reach.ts'
import type { Outcome } from './shell.ts'
import { table } from './table.ts'

const faults = { at: 'BATON_FAULTS_URL', path: '/faults' } as const

/** The faults between gateway and service that are in force. */
export function showFaults(reach: Reach): Promise<Outcome<FaultSetting & { counters: Counters }>> {
  return callApi(reach, { ...faults, method: 'GET' })
}

/** Replaces the whole setting: what is absent is off. */
export function setFaults(reach: Reach, setting: FaultSetting): Promise<Outcome<FaultSetting>> {
  return callApi(reach, { ...faults, method: 'PUT', body: setting })
}

interface SetOptions extends Omit<FaultSetting, 'delay_ms' | 'for_ms'> {
  readonly delayMs?: number
  readonly for?: number
  readonly json?: boolean
}

const DELAY_MAX_MS = 600_000

export function faultsCommand(context: CliContext): Command {
  const { reach, report } = context
  const command = new Command('faults').description('do harm between gateway and messaging service')
  command
    .command('show')
    .description('the faults in force, and counters')
    .option('--json', 'the answer as JSON')
    .action(async (options: { json?: boolean }) => {
      report(await showFaults(reach), options, ({ counters, ...setting }) =>
        [render(setting), table(['counter', 'value'], Object.entries(flat(counters)))].join('\n\n'),
      )
    })
  command
    .command('set')
    .description('set the faults in force; what you leave out is off')
    .option('--delay-ms <n>', 'delay what passes, in each direction', wholeNumber(0, DELAY_MAX_MS))
    .option('--swallow', 'forward the request and drop the answer')
    .option('--reset', 'forward the request and reset instead of an answer')
    .option('--refuse', 'refuse connections')
    .option('--blackhole', 'take the request, forward nothing, never answer')
    .option('--for <time>', 'they end by themselves after it, for example 30s', duration)
    .option('--json', 'the answer as JSON')
    .action(async (options: SetOptions) => {
      const { delayMs, for: forMs, json, ...switches } = options
      const faults: FaultSetting = { ...switches, ...(delayMs === undefined ? {} : { delay_ms: delayMs }) }
      const outcome: Outcome<FaultSetting> =
        Object.keys(faults).length > 0
          ? await setFaults(reach, { ...faults, ...(forMs === undefined ? {} : { for_ms: forMs }) })
          : { kind: 'usage', detail: 'faults set: no fault is given: name one, or use: baton faults clear' }
      report(outcome, { json }, render)
    })
  command
    .command('clear')
    .description('end every fault between gateway and messaging service')
    .option('--json', 'the answer as JSON')
    .action(async (options: { json?: boolean }) => report(await setFaults(reach, {}), options, render))
  return command.addCommand(carrierFaultsCommand(context))
}

function render(setting: FaultSetting): string {
  const on = Object.entries(setting).filter(([, value]) => value !== false && value !== 0)
  return on.length > 0 ? table(['fault', 'value'], on) : 'No fault between gateway and messaging service.'
}

function flat({ forwarded_bytes, ...counters }: Counters): Record<string, number> {
  const { to_upstream, to_client } = forwarded_bytes
  return { ...counters, bytes_to_service: to_upstream, bytes_to_gateway: to_client }
}
