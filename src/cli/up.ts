import { join, relative } from 'node:path'
import { Command } from 'commander'
import { createConsoleLog } from '../supervisor/console-log.ts'
import { readyBlock } from '../supervisor/ready-block.ts'
import { parseUpSettings } from '../supervisor/settings.ts'
import { UpFailure } from '../supervisor/up-failure.ts'
import { up, type Ready } from '../supervisor/up.ts'
import type { CliContext } from './context.ts'
import { exitCodes, type CliShell } from './shell.ts'

export interface UpCommandOptions {
  /** The ready line as JSON on standard output, the logs on standard error. */
  readonly json?: boolean
  readonly portsFree?: boolean
}

const PORTS = [
  'BATON_GATEWAY_PORT',
  'BATON_SERVICE_PORT',
  'BATON_SANDBOX_PORT',
  'BATON_FAULTS_PORT',
  'BATON_FAULT_PROXY_PORT',
]

/** Starts everything and runs until a signal. Resolves to the exit code. */
export async function runUp(shell: CliShell, options: UpCommandOptions): Promise<number> {
  const free = options.portsFree ? Object.fromEntries(PORTS.map((name) => [name, '0'])) : {}
  const environment = { ...shell.environment, ...free }
  const parsed = parseUpSettings(environment)
  if ('problems' in parsed) {
    for (const problem of parsed.problems) shell.complain(`baton up: ${problem}`)
    return exitCodes.usage
  }
  const startedMs = performance.now()
  const log = createConsoleLog(options.json ? shell.complain : shell.print, shell.colour)
  const onReady = (ready: Ready): void => {
    if (options.json) shell.print(JSON.stringify(readyLine(ready)))
    else log.block(readyBlock(factsOf(shell, ready, (performance.now() - startedMs) / 1000)))
  }
  try {
    await up({ config: parsed.values, environment, log, onReady, ...listenForEnd(shell) })
    return exitCodes.done
  } catch (error) {
    if (!(error instanceof UpFailure)) throw error
    shell.complain(`baton up: ${error.message}`)
    return exitCodes.refused
  }
}

/** Once: stop in order. Twice: the programs are killed. A third time: this process ends as it is. */
function listenForEnd(shell: CliShell): { stop: AbortSignal; kill: AbortSignal } {
  const stop = new AbortController()
  const kill = new AbortController()
  shell.onSignal(() => {
    if (kill.signal.aborted) shell.exit(1)
    if (stop.signal.aborted) kill.abort()
    stop.abort()
  })
  shell.onOrphaned(() => stop.abort())
  return { stop: stop.signal, kill: kill.signal }
}

function readyLine({ urls, envFile, pids, postgresPid }: Ready) {
  return {
    event: 'ready',
    gateway_url: urls.BATON_GATEWAY_URL,
    service_url: urls.BATON_SERVICE_URL,
    sandbox_url: urls.BATON_SANDBOX_URL,
    faults_url: urls.BATON_FAULTS_URL,
    env_file: envFile,
    pids: { ...pids, ...(postgresPid === undefined ? {} : { postgres: postgresPid }) },
  }
}

function factsOf({ workingDirectory }: CliShell, { urls, envFile, database }: Ready, seconds: number) {
  const launcher = join(import.meta.dirname, '..', '..', 'bin', 'baton.mjs')
  const fromHere = relative(workingDirectory, launcher)
  return {
    urls,
    database,
    seconds,
    envFile: relative(workingDirectory, envFile) || envFile,
    cli: `node ${fromHere.startsWith('..') ? launcher : fromHere}`,
  }
}

export function upCommand({ shell, finish }: CliContext): Command {
  return new Command('up')
    .description('start everything and keep it running: PostgreSQL, the programs and the carrier sandbox')
    .option('--ports-free', 'pick free ports, whatever the settings say')
    .option('--json', 'a JSON line when ready on standard output; the logs on standard error')
    .action(async (options: UpCommandOptions) => finish(await runUp(shell, options)))
}
