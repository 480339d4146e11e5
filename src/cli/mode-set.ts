import { Argument, Command } from 'commander'
import type { ModeChange, ModeChanged } from '../contract/gateway-api.ts'
import type { GateResult } from '../operator/check-gate.ts'
import { callApi } from './call.ts'
import type { CliContext } from './context.ts'
import { duration } from './duration.ts'
import { checkGates } from './gate.ts'
import { describeChange, describeHeld, waitForChange } from './mode-wait.ts'
import { wholeNumber } from './numbers.ts'
import { renderModes } from './render-modes.ts'
import type { Reach } from './reach.ts'
import type { Outcome } from './shell.ts'
import { verdictCodes, worstOf } from './verdicts.ts'

/** In force for every request that comes after the answer. */
export function setMode(reach: Reach, change: ModeChange): Promise<Outcome<ModeChanged>> {
  return callApi(reach, {
    at: 'BATON_GATEWAY_URL',
    key: 'BATON_OPERATOR_KEY',
    method: 'PUT',
    path: '/operator/mode',
    body: change,
  })
}

interface SetOptions {
  readonly reason: string
  readonly tenant?: string
  readonly rampPercent?: number
  readonly ifEpoch?: number
  readonly wait?: boolean
  readonly timeout?: number
  readonly requireGates?: string[] | true
  readonly json?: boolean
}

const TIMEOUT_MS = 30_000
const RAN_OUT = 3

export function modeSetCommand(context: CliContext): Command {
  return new Command('set')
    .description('change the mode, for everyone or for one tenant')
    .addArgument(
      new Argument('<mode>', 'OFF: legacy sends; SHADOW: legacy sends, the service runs dry; ON: it sends')
        .choices(['OFF', 'SHADOW', 'ON'])
        .argRequired(),
    )
    .requiredOption('--reason <text>', 'why, for the history')
    .option('--tenant <name>', 'for this tenant only')
    .option('--ramp-percent <n>', 'how much of the traffic the mode is for', wholeNumber(0, 100))
    .option(
      '--if-epoch <n>',
      'only while this is the epoch in force for the scope',
      wholeNumber(1, Number.MAX_SAFE_INTEGER),
    )
    .option('--require-gates [name...]', 'for ON: check these gates first (default: all); each must pass')
    .option('--wait', 'until all gateways have acknowledged it and nothing is under way under older settings')
    .option('--timeout <time>', 'with --wait: how long; then the exit code is 3 (default: 30s)', duration)
    .option('--json', 'the answer as JSON')
    .action((mode: ModeChange['mode'], options: SetOptions) => runSet(context, mode, options))
}

async function runSet(context: CliContext, mode: ModeChange['mode'], options: SetOptions): Promise<void> {
  const { reach, report } = context
  if (options.timeout !== undefined && !options.wait) {
    report({ kind: 'usage', detail: 'mode set: --timeout goes with --wait' }, options, String)
    return
  }
  // What goes back to the legacy side is never held up.
  if (mode === 'ON' && options.requireGates !== undefined && !(await passGates(context, options))) return
  const outcome = await setMode(reach, changeOf(mode, options))
  if (outcome.kind !== 'done' || !options.wait) report(outcome, options, renderModes)
  else await wait(context, outcome.value, options)
}

function changeOf(mode: ModeChange['mode'], options: SetOptions): ModeChange {
  const { reason, tenant, rampPercent, ifEpoch } = options
  return {
    mode,
    reason,
    ...(tenant === undefined ? {} : { tenant }),
    ...(rampPercent === undefined ? {} : { ramp_percent: rampPercent }),
    ...(ifEpoch === undefined ? {} : { if_epoch: ifEpoch }),
  }
}

/** Whether every gate passes; else it is told which does not, and why. The verdicts are kept as evidence. */
async function passGates(
  { shell, reach, report, finish }: CliContext,
  options: SetOptions,
): Promise<boolean> {
  const secret = shell.environment['BATON_SERVICE_SECRET'] || null
  const names = options.requireGates === true ? [] : (options.requireGates ?? [])
  const checked = await checkGates(reach, names, { secret, isMeasured: true })
  if (checked.kind !== 'done') {
    report(checked, options, String)
    return false
  }
  const verdict = worstOf(checked.value.map((result) => result.verdict))
  if (verdict === 'PASS') return true
  finish(verdictCodes[verdict])
  const refusal = { mode_changed: false, gates: checked.value }
  report({ kind: 'done', value: refusal }, options, ({ gates }) =>
    ['The mode was not changed:', ...gates.filter((gate) => gate.verdict !== 'PASS').map(describeGate)].join(
      '\n',
    ),
  )
  return false
}

const describeGate = ({ gate, verdict, reasons }: GateResult): string =>
  `${verdict} ${gate}: ${reasons.join('; ')}`

async function wait(
  { shell, reach, report, finish }: CliContext,
  changed: ModeChanged,
  options: SetOptions,
): Promise<void> {
  let last = ''
  const outcome = await waitForChange(reach, changed.epoch, options.timeout ?? TIMEOUT_MS, (status) => {
    const line = describeChange(status)
    if (line !== last) shell.complain(line)
    last = line
  })
  if (outcome.kind !== 'done') return report(outcome, options, String)
  const change = outcome.value
  if (!change.drained) finish(RAN_OUT)
  report({ kind: 'done', value: { ...changed, change } }, options, (value) =>
    [
      renderModes(value),
      '',
      change.drained
        ? `In force everywhere; nothing is under way under older settings.`
        : `The mode is changed, and the time ran out: ${describeChange(change)}`,
      ...[describeHeld(change)].filter((line) => line !== undefined),
    ].join('\n'),
  )
}
