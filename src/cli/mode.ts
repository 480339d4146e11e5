import { Command, Argument } from 'commander'
import type { ModeChange, ModeInForce, ModeView } from '../contract/gateway-api.ts'
import { callApi } from './call.ts'
import type { CliContext } from './context.ts'
import { wholeNumber } from './numbers.ts'
import type { Reach } from './reach.ts'
import type { Outcome } from './shell.ts'
import { table } from './table.ts'

const operator = { at: 'BATON_GATEWAY_URL', key: 'BATON_OPERATOR_KEY', path: '/operator/mode' } as const

export function getMode(reach: Reach): Promise<Outcome<ModeView>> {
  return callApi(reach, { ...operator, method: 'GET' })
}

/** In force for every request that comes after the answer. */
export function setMode(reach: Reach, change: ModeChange): Promise<Outcome<ModeView>> {
  return callApi(reach, { ...operator, method: 'PUT', body: change })
}

interface SetOptions {
  readonly reason: string
  readonly tenant?: string
  readonly rampPercent?: number
  readonly json?: boolean
}

export function modeCommand({ reach, report }: CliContext): Command {
  const command = new Command('mode').description('who sends: the legacy side or the messaging service')
  command
    .command('get')
    .description('the mode in force')
    .option('--json', 'the answer as JSON')
    .action(async (options: { json?: boolean }) => report(await getMode(reach), options, renderModes))
  command
    .command('set')
    .description('change the mode, for everyone or for one tenant')
    .addArgument(
      new Argument('<mode>', 'OFF: legacy sends; SHADOW: legacy sends, the service runs dry; ON: it sends')
        .choices(['OFF', 'SHADOW', 'ON'])
        .argRequired(),
    )
    .requiredOption('--reason <text>', 'why, for the history')
    .option('--tenant <name>', 'for this tenant only')
    .option('--ramp-percent <n>', 'how much of the traffic the mode is for', wholeNumber(0, 100))
    .option('--json', 'the answer as JSON')
    .action(async (mode: ModeChange['mode'], options: SetOptions) => {
      const { reason, tenant, rampPercent } = options
      const change: ModeChange = {
        mode,
        reason,
        ...(tenant === undefined ? {} : { tenant }),
        ...(rampPercent === undefined ? {} : { ramp_percent: rampPercent }),
      }
      report(await setMode(reach, change), options, renderModes)
    })
  return command
}

/** Everyone's mode and those of single tenants. */
export function renderModes({ tenants, ...everyone }: ModeView): string {
  // The answer to a tenant's change leads with that tenant, which the list names too.
  const rows = [everyone, ...tenants.filter(({ scope }) => scope !== everyone.scope)].map(rowOf)
  return table(['for', 'mode', 'ramp', 'epoch', 'since', 'reason'], rows)
}

function rowOf({ scope, mode, ramp_percent, epoch, reason, changed_at }: ModeInForce): unknown[] {
  return [scope === '*' ? 'everyone' : scope, mode, `${ramp_percent} %`, epoch, changed_at, reason]
}
