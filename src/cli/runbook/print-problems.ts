import type { Broken, Refused, RunResult } from '../../runbook/run/index.ts'
import type { Terminal } from './terminal.ts'

export type Trouble = Broken | Refused | Exclude<RunResult, { kind: 'ended' }>

/** What kept a verb from doing anything, for people or as one JSON line. Gives the exit code. */
export function printTrouble(terminal: Terminal, trouble: Trouble, isJson: boolean): number {
  if (isJson) terminal.out(`${JSON.stringify({ ...trouble, code: 2 })}\n`)
  else terminal.err(`${textOf(trouble)}\n`)
  return 2
}

function textOf(trouble: Trouble): string {
  switch (trouble.kind) {
    case 'broken':
      return trouble.problems
        .map(({ line, severity, message }) => `baton: line ${line}: ${severity}: ${message}`)
        .join('\n')
    case 'stale':
      return `baton: the plan is stale: ${trouble.changed.join('; ')}: plan again`
    case 'refused':
    case 'busy':
      return `baton: ${trouble.why}`
  }
}
