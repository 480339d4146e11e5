import { Command } from 'commander'
import { hardenVerb } from './harden-verb.ts'
import { lintVerb } from './lint-verb.ts'
import { rulesVerb } from './rules-verb.ts'
import type { Terminal } from './terminal.ts'

export type { Terminal } from './terminal.ts'

/** The command `runbook` with its verbs. The exit code goes to `terminal.exit`: 0, 1 with findings, 2 on an error. */
export function runbookCommand(terminal: Terminal): Command {
  return new Command('runbook')
    .description('find and remove the contradictions of a migration runbook')
    .addCommand(lintVerb(terminal))
    .addCommand(hardenVerb(terminal))
    .addCommand(rulesVerb(terminal))
}
