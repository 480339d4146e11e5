// The CLI `baton`, and with `up` the supervisor of all programs.
import { isatty } from 'node:tty'
import { runCli } from '../src/cli/index.ts'
import { processShell } from './process-shell.ts'

// A reader that goes away (`| head`) is no reason to fail, and none to stop a supervisor.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

process.exit(
  await runCli(process.argv.slice(2), {
    environment: process.env,
    workingDirectory: process.cwd(),
    print: (line) => process.stdout.write(`${line}\n`),
    write: (text) => process.stdout.write(text),
    stdin: process.stdin,
    complain: (line) => process.stderr.write(`${line}\n`),
    colour: isatty(1) && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb',
    columns: () => process.stdout.columns || 80,
    onSignal: processShell.onSignal,
    onOrphaned: processShell.onOrphaned,
    exit: processShell.exit,
  }),
)
