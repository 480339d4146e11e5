// The program: one command line over all verbs.
import { Command } from 'commander'
import { runbookCommand } from '../src/cli/runbook/index.ts'

const terminal = {
  stdin: process.stdin,
  out: (text: string) => void process.stdout.write(text),
  err: (text: string) => void process.stderr.write(text),
  exit: (code: number) => void (process.exitCode = code),
}

await new Command('baton').addCommand(runbookCommand(terminal)).parseAsync()
