import { Command, CommanderError } from 'commander'
import { auditCommand } from './audit.ts'
import { carrierCommand } from './carrier-log.ts'
import { compareCommand } from './compare.ts'
import { createContext, type CliContext } from './context.ts'
import { dbCommand } from './db-migrate.ts'
import { drillCommand } from './drill.ts'
import { evidenceCommand } from './evidence.ts'
import { faultsCommand } from './faults.ts'
import { handBackCommand } from './hand-back.ts'
import { inDoubtCommand } from './in-doubt.ts'
import { gateCommand } from './gate.ts'
import { mcpCommand } from './mcp/verb.ts'
import { messageCommand } from './message.ts'
import { modeCommand } from './mode.ts'
import { reconcileCommand } from './reconcile.ts'
import { runbookCommand } from './runbook/index.ts'
import { sendCommand } from './send.ts'
import { exitCodes, type CliShell } from './shell.ts'
import { statusCommand } from './status.ts'
import { upCommand } from './up.ts'

const COLUMNS = 80

/** Every verb, in the order of the help. */
const verbs: readonly ((context: CliContext) => Command)[] = [
  upCommand,
  dbCommand,
  sendCommand,
  modeCommand,
  handBackCommand,
  messageCommand,
  inDoubtCommand,
  statusCommand,
  faultsCommand,
  carrierCommand,
  reconcileCommand,
  auditCommand,
  compareCommand,
  gateCommand,
  evidenceCommand,
  drillCommand,
  ({ shell, finish }) =>
    runbookCommand({
      stdin: shell.stdin,
      out: shell.write,
      err: (text) => shell.complain(text.trimEnd()),
      exit: finish,
      environment: shell.environment,
      workingDirectory: shell.workingDirectory,
      isLive: shell.colour,
      columns: shell.columns ?? (() => COLUMNS),
      onSignal: shell.onSignal,
      onOrphaned: shell.onOrphaned,
    }),
  (context) => mcpCommand(context, runCli),
]

/** Runs one command line (without the program's own name). Resolves to the exit code. */
export async function runCli(argv: readonly string[], shell: CliShell): Promise<number> {
  const context = createContext(shell)
  const program = new Command('baton').description(
    'Moves a live SMS sender from a legacy application to a messaging service, with at most one send per message.',
  )
  for (const verb of verbs) program.addCommand(verb(context))
  prepare(program, shell)
  try {
    await program.parseAsync(argv, { from: 'user' })
    return context.code()
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? exitCodes.done : exitCodes.usage
  }
}

/** Output through the shell, and an exit code instead of an exit, for a command and all below it. */
function prepare(command: Command, shell: CliShell): void {
  command
    .exitOverride()
    .showHelpAfterError('(add --help for what there is)')
    .configureOutput({
      writeOut: (text) => shell.print(text.trimEnd()),
      writeErr: (text) => shell.complain(text.trimEnd()),
    })
  for (const child of command.commands) prepare(child, shell)
}
