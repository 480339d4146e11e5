import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Command } from 'commander'
import {
  createControls,
  parsePlan,
  rollback,
  run,
  type Book,
  type Controls,
  type Plan,
  type RunOptions,
  type RunResult,
} from '../../runbook/run/index.ts'
import { maskNumbers } from '../../process/mask-numbers.ts'
import { openBook, personOf, type PersonOptions } from './book-file.ts'
import { printTrouble } from './print-problems.ts'
import { openView } from './run-view.ts'
import { RunbookFileError } from './runbook-file.ts'
import { guarded, type RunTerminal } from './terminal.ts'

interface RunVerbOptions extends PersonOptions {
  readonly execute?: true
  readonly to?: string
  readonly only?: string
  readonly plan?: string
  readonly journal?: string
  readonly set?: readonly string[]
  readonly approve?: string
  readonly acceptEdit?: true
  readonly json?: true
}

function common(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .argument('<file>', 'the runbook')
    .option('--execute', 'really change something; without it, everything that would is only logged')
    .option(
      '--journal <folder>',
      'where the run is recorded (default: .baton/runbook/NAME beside the runbook)',
    )
    .option('--set <NAME=VALUE...>', 'values of parameters, in place of those the runbook gives them')
    .option('--accept-edit', 'go on with a document, or parameters, edited after the run began')
    .option('--by <name>', 'who approves, or accepts the edit')
    .option('--reason <text>', 'why')
    .option('--json', 'print events as JSON lines')
}

export function runVerb(terminal: RunTerminal): Command {
  return common('run', 'rehearse a runbook, or run it with --execute; 0 done, 1 failed, 2 refused, 3 waiting')
    .option('--to <id>', 'stop after this step, gate or approval')
    .option('--only <id>', 'run only this one, if next allows it')
    .option('--plan <file>', 'refuse unless everything is as it was planned')
    .option('--approve <id>', 'record an approval first')
    .action((file: string, options: RunVerbOptions) => act(terminal, file, options, run))
}

export function resumeVerb(terminal: RunTerminal): Command {
  return common(
    'resume',
    'go on with a run from where its journal ends; a rehearsal of that without --execute',
  )
    .option('--to <id>', 'stop after this step, gate or approval')
    .option('--approve <id>', 'record an approval first')
    .action((file: string, options: RunVerbOptions) =>
      act(terminal, file, options, (book, settings) => {
        if (!existsSync(book.journal))
          return Promise.resolve({
            kind: 'refused',
            why: `there is nothing to resume: ${book.journal}: begin with run`,
          })
        return run(book, settings)
      }),
    )
}

export function rollbackVerb(terminal: RunTerminal): Command {
  return common('rollback', 'take completed steps back, latest first; only logged without --execute')
    .option('--to <id>', 'the last step to take back')
    .action((file: string, options: RunVerbOptions) => act(terminal, file, options, rollback))
}

function act(
  terminal: RunTerminal,
  file: string,
  options: RunVerbOptions,
  work: (book: Book, settings: RunOptions) => Promise<RunResult>,
): Promise<void> {
  return guarded(terminal, async () => {
    const isJson = options.json === true
    const settings = await settingsOf(terminal, options)
    const book = planned(await openBook(terminal, file, options), settings.plan ?? null)
    const view = openView(terminal, isJson)
    const result = await work(book, {
      ...settings,
      notice: view.notice,
      controls: controlledBy(terminal),
    }).finally(view.close)
    if (result.kind !== 'ended') return printTrouble(terminal, result, isJson)
    const { kind, code, why } = result
    if (isJson) terminal.out(`${JSON.stringify({ kind, code, why })}\n`)
    else terminal.out(`${maskNumbers(why)}\n`)
    return code
  })
}

/** A run of a plan has the parameters of the plan. */
function planned(book: Book, plan: Plan | null): Book {
  return plan ? { ...book, set: new Map([...Object.entries(plan.set), ...book.set]) } : book
}

async function settingsOf(terminal: RunTerminal, options: RunVerbOptions): Promise<RunOptions> {
  const { approve, acceptEdit, execute, plan } = options
  if (approve !== undefined && execute !== true)
    throw new RunbookFileError(`cannot approve in a rehearsal: ${approve}: add --execute`)
  return {
    isExecuted: execute === true,
    to: options.to ?? null,
    only: options.only ?? null,
    plan: plan === undefined ? null : await readPlan(resolve(terminal.workingDirectory, plan)),
    acceptEdit: acceptEdit ? personOf(options, 'accept the edit') : null,
    approve: approve === undefined ? null : { id: approve, person: personOf(options, `approve ${approve}`) },
  }
}

async function readPlan(path: string): Promise<Plan> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new RunbookFileError(`cannot read the plan ${path}: ${reason}: make one with plan --out`)
  })
  const plan = parsePlan(text)
  if (!plan) throw new RunbookFileError(`this is no plan: ${path}: make one with plan --out`)
  return plan
}

/** A terminal's interrupt reaches this process twice when npx stands between: these are one. */
const SAME_SIGNAL_MS = 300

/** The first signal pauses in order, a later one ends the running command as well. */
function controlledBy(terminal: RunTerminal): Controls {
  const controls = createControls()
  let askedAt: number | null = null
  terminal.onSignal((reason) => {
    if (askedAt === null) {
      askedAt = performance.now()
      controls.send({ kind: 'pause', why: `paused by ${reason}` })
      terminal.err(`baton: ${reason}: pausing when the running command has ended; once more ends it\n`)
    } else if (performance.now() - askedAt > SAME_SIGNAL_MS) controls.send({ kind: 'kill' })
  })
  terminal.onOrphaned(() =>
    controls.send({ kind: 'pause', why: 'paused: the program that started this one is gone' }),
  )
  return controls
}
