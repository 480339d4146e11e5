import { Command, Option } from 'commander'
import { approve, decide, pause, type Noted } from '../../runbook/run/index.ts'
import { openBook, personOf, type PersonOptions } from './book-file.ts'
import { valuesOf } from './pairs.ts'
import { printTrouble } from './print-problems.ts'
import { guarded, type RunTerminal } from './terminal.ts'

interface PersonVerbOptions extends PersonOptions {
  readonly journal?: string
  readonly json?: true
  readonly as?: 'done' | 'not-done'
  readonly set?: readonly string[]
}

function verb(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .argument('<file>', 'the runbook')
    .option(
      '--journal <folder>',
      'where the run is recorded (default: .baton/runbook/NAME beside the runbook)',
    )
    .option('--json', 'print JSON')
}

export function approveVerb(terminal: RunTerminal): Command {
  return verb('approve', 'record an approval; a runner that waits for it goes on')
    .argument('<id>', 'the approval')
    .requiredOption('--by <name>', 'who approves')
    .requiredOption('--reason <text>', 'why')
    .action((file: string, id: string, options: PersonVerbOptions) =>
      guarded(terminal, async () => {
        const book = await openBook(terminal, file, options)
        return report(
          terminal,
          await approve(book, id, personOf(options, `approve ${id}`)),
          options,
          'approved',
        )
      }),
    )
}

export function decideVerb(terminal: RunTerminal): Command {
  return verb('decide', 'record whether a step took effect, when nothing but a person can tell')
    .argument('<id>', 'the step')
    .addOption(
      new Option('--as <what>', 'what was found').choices(['done', 'not-done']).makeOptionMandatory(),
    )
    .option('--set <NAME=VALUE...>', 'the values the step captures')
    .requiredOption('--by <name>', 'who found out')
    .requiredOption('--reason <text>', 'how')
    .action((file: string, id: string, options: PersonVerbOptions) =>
      guarded(terminal, async () => {
        const book = await openBook(terminal, file, options)
        const person = personOf(options, `decide on ${id}`)
        const noted = await decide(book, id, options.as === 'done', person, valuesOf(options.set ?? []))
        return report(terminal, noted, options, 'decided')
      }),
    )
}

export function pauseVerb(terminal: RunTerminal): Command {
  return verb('pause', 'ask the runner to pause; it does between commands')
    .option('--reason <text>', 'why')
    .action((file: string, options: PersonVerbOptions) =>
      guarded(terminal, async () => {
        const book = await openBook(terminal, file, options)
        return report(
          terminal,
          pause(book, `paused: ${options.reason ?? 'asked for'}`),
          options,
          'asked to pause',
        )
      }),
    )
}

function report(terminal: RunTerminal, noted: Noted, { json }: PersonVerbOptions, done: string): number {
  if (noted.kind !== 'noted') return printTrouble(terminal, noted, json === true)
  if (json) terminal.out(`${JSON.stringify(noted)}\n`)
  else terminal.out(`${done}: ${noted.by === 'runner' ? 'the running one was told' : 'recorded'}\n`)
  return 0
}
