import { Command } from 'commander'
import { hardenVerb } from './harden-verb.ts'
import { lintVerb } from './lint-verb.ts'
import { nextVerb, statusVerb } from './look-verbs.ts'
import { approveVerb, decideVerb, pauseVerb } from './person-verbs.ts'
import { planVerb } from './plan-verb.ts'
import { rulesVerb } from './rules-verb.ts'
import { resumeVerb, rollbackVerb, runVerb } from './run-verb.ts'
import type { RunTerminal } from './terminal.ts'

/** The command `runbook` with its verbs. The exit code goes to `terminal.exit`; 2 is an error. */
export function runbookCommand(terminal: RunTerminal): Command {
  const command = new Command('runbook').description(
    "find and remove the contradictions of a migration runbook; plan, rehearse and run anybody's runbook",
  )
  for (const verb of [lintVerb, hardenVerb, rulesVerb]) command.addCommand(verb(terminal))
  for (const verb of [planVerb, runVerb, resumeVerb, statusVerb, nextVerb]) command.addCommand(verb(terminal))
  for (const verb of [approveVerb, decideVerb, pauseVerb, rollbackVerb]) command.addCommand(verb(terminal))
  return command
}
