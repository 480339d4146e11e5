import type { Logger } from 'pino'
import { createLogger, type LogLevel } from './logger.ts'
import type { RunningProgram } from './running-program.ts'

/** A program's process as its thin main sees it. */
export interface ProcessShell {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly onSignal: (handler: (reason: string) => void) => void
  /** Called when the parent that supervises this process is gone. */
  readonly onOrphaned: (handler: () => void) => void
  readonly exit: (code: number) => never
  readonly printProblem: (line: string) => void
}

const STOP_DEADLINE_MS = 20_000

export interface Program<Config extends { readonly logLevel: LogLevel }> {
  readonly name: string
  readonly parse: (
    environment: ProcessShell['environment'],
  ) => { readonly values: Config } | { readonly problems: readonly string[] }
  readonly start: (config: Config, log: Logger) => Promise<RunningProgram>
}

/**
 * Runs a program until a signal: malformed settings are all printed and end it with 2, a start that fails with 1.
 * The first signal stops it in order, within a bound; a second one at once.
 */
export async function runProgram<Config extends { readonly logLevel: LogLevel }>(
  { name, parse, start }: Program<Config>,
  shell: ProcessShell,
): Promise<void> {
  const parsed = parse(shell.environment)
  if ('problems' in parsed) {
    for (const problem of parsed.problems) shell.printProblem(`${name}: ${problem}`)
    shell.exit(2)
  }
  const log = createLogger(name, parsed.values.logLevel)
  // The parent can die while the program starts; who listens for it only afterwards never hears of it.
  let onOrphaned = (): void => shell.exit(1)
  shell.onOrphaned(() => onOrphaned())
  const running = await start(parsed.values, log).catch((error: unknown) => {
    log.fatal({ err: error }, 'cannot start')
    shell.exit(1)
  })
  let stopping = false
  const stop = (reason: string): void => {
    if (stopping) shell.exit(1)
    stopping = true
    log.info({ reason }, 'stopping')
    const timer = setTimeout(() => {
      log.error({ deadline_ms: STOP_DEADLINE_MS }, 'did not stop in time')
      shell.exit(1)
    }, STOP_DEADLINE_MS)
    running.stop().then(
      () => {
        clearTimeout(timer)
        shell.exit(0)
      },
      (error: unknown) => {
        log.error({ err: error }, 'stop failed')
        shell.exit(1)
      },
    )
  }
  shell.onSignal(stop)
  onOrphaned = () => {
    if (!stopping) stop('the supervisor is gone')
  }
}
