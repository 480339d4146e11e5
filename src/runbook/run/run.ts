import type { Runnable } from '../program/block.ts'
import { logFile, see, type Book, type Broken, type Refused } from './book.ts'
import { startCommand, type CommandPlace, type Running } from './command.ts'
import { createControls, drive, type Controls, type Driven, type Notice, type Ports } from './drive.ts'
import { editOf, type Person } from './edit.ts'
import type { EntryOf } from './entry.ts'
import { noteGroup, requests } from './folder.ts'
import { rehearsalJournal, JournalFault } from './journal.ts'
import type { CommandResult, ExitCode, RunState } from './machine-state.ts'
import { obstacleTo } from './next.ts'
import { openRun, type Busy, type Held, type Stale } from './open-run.ts'
import { stepsToUndo, voidedBy, type Scope } from './outlook.ts'
import type { Plan } from './plan.ts'
import { advance, type Progress } from './progress.ts'
import { approvalEntry } from './requests.ts'

export interface RunOptions {
  /** Without it everything is rehearsed: commands that change something are only logged. */
  readonly isExecuted: boolean
  readonly to?: string | null
  readonly only?: string | null
  readonly plan?: Plan | null
  readonly acceptEdit?: Person | null
  readonly approve?: { readonly id: string; readonly person: Person } | null
  readonly notice?: (notice: Notice) => void
  readonly controls?: Controls
  readonly now?: () => number
  /** From SIGTERM to SIGKILL for a command that must end. */
  readonly graceMs?: number
}

export type RunResult =
  | Broken
  | Refused
  | Busy
  | Stale
  | { readonly kind: 'ended'; readonly code: ExitCode; readonly why: string; readonly progress: Progress }

const GRACE_MS = 5000

/** A clock that is set while a gate soaks neither shortens nor lengthens the soak. */
const steadyNow = (): number => Math.round(performance.timeOrigin + performance.now())

/** Runs what is left of a runbook, from the beginning or from where its journal ends. Never asks anything. */
export function run(book: Book, options: RunOptions): Promise<RunResult> {
  return options.isExecuted
    ? execute(book, options, (held) => prepare(held, options))
    : rehearse(book, options, null)
}

/** Runs one station, when `next` allows it. */
export function runStep(book: Book, id: string, options: RunOptions): Promise<RunResult> {
  return run(book, { ...options, only: id })
}

/** Takes completed steps back, latest first, down to and with `to`. */
export async function rollback(book: Book, options: RunOptions): Promise<RunResult> {
  const to = options.to ?? null
  const free = { ...options, to: null, only: null }
  if (!options.isExecuted) return rehearse(book, free, { to })
  return execute(book, free, (held) => beginRollback(held, to))
}

type Prepared = Refused | { readonly kind: 'ready'; readonly progress: Progress }

async function execute(book: Book, options: RunOptions, begin: (held: Held) => Prepared): Promise<RunResult> {
  const now = options.now ?? steadyNow
  const opened = await openRun(book, {
    plan: options.plan ?? null,
    acceptEdit: options.acceptEdit ?? null,
    now,
    notice: options.notice ?? (() => {}),
  })
  if (opened.kind !== 'held') return opened
  try {
    const ready = begin(opened)
    if (ready.kind === 'refused') return ready
    const ports = portsOf(book, options, (block, timeoutMs, place) =>
      startCommand(block, timeoutMs, { ...commandPlace(book, options, block, false), ...place }),
    )
    const state = stateOf(opened, ready.progress, options, false)
    const asked = () => requests(book.journal)
    return resultOf(
      await drive(state, { ...ports, journal: opened.journal, requests: asked }, controlsOf(options)),
    )
  } catch (error) {
    if (error instanceof JournalFault) return { kind: 'refused', why: error.message }
    throw error
  } finally {
    opened.release()
  }
}

function prepare(held: Held, { approve, only, to }: RunOptions): Prepared {
  let { progress } = held
  if (approve) {
    const entry = approvalEntry(held.program, approve.id, approve.person)
    if (entry.kind === 'refused') return entry
    progress = held.note(progress, entry)
  }
  return scoped(held, progress, { only: only ?? null, to: to ?? null })
}

function scoped({ program }: Pick<Held, 'program'>, progress: Progress, { only, to }: Scope): Prepared {
  if (to !== null && !program.stations.some(({ id }) => id === to))
    return { kind: 'refused', why: `--to names nothing in the order: ${to}: name one that plan shows` }
  const obstacle = only === null ? null : obstacleTo(program, progress, only)
  if (obstacle)
    return { kind: 'refused', why: `${obstacle.id} may not be run now: ${obstacle.why}: ${obstacle.lift}` }
  return { kind: 'ready', progress }
}

function beginRollback(held: Held, to: string | null): Prepared {
  if (held.progress.rollback) return { kind: 'ready', progress: held.progress }
  const entry = rollbackEntry(held, held.progress, to)
  return entry.kind === 'refused' ? entry : { kind: 'ready', progress: held.note(held.progress, entry) }
}

function rollbackEntry(
  { program }: Pick<Held, 'program'>,
  progress: Progress,
  to: string | null,
): Refused | EntryOf<'rollback-began'> {
  if (to !== null && program.blocks.get(to)?.role !== 'step')
    return { kind: 'refused', why: `--to names no step: ${to}: name one that plan shows` }
  const steps = stepsToUndo(program, progress, to)
  if (steps.length === 0)
    return { kind: 'refused', why: 'there is nothing to take back: no step that has a rollback was begun' }
  const voids = voidedBy(program, steps)
  return { kind: 'rollback-began', because: 'asked for', is_automatic: false, steps, voids }
}

/** Rehearses from where the journal ends, without a trace in it. */
async function rehearse(
  book: Book,
  options: RunOptions,
  back: { readonly to: string | null } | null,
): Promise<RunResult> {
  const seen = see(book)
  if (seen.kind !== 'seen') return seen
  const edit = editOf(seen.progress, seen.program, book.set, options.acceptEdit ?? null)
  if (edit.kind === 'refused') return edit
  let progress = advance(seen.progress, { kind: 'resumed', tool: '', plan: null })
  for (const entry of edit.entries) progress = advance(progress, entry)
  const ready = back ? rehearsedRollback(seen, progress, back.to) : scoped(seen, progress, scopeOf(options))
  if (ready.kind === 'refused') return ready
  const ports = portsOf(book, options, (block, timeoutMs, place) =>
    isOnlyLogged(block)
      ? logged()
      : startCommand(block, timeoutMs, { ...commandPlace(book, options, block, true), ...place }),
  )
  const state = stateOf(seen, ready.progress, options, true)
  return resultOf(
    await drive(state, { ...ports, journal: rehearsalJournal(), requests: () => [] }, controlsOf(options)),
  )
}

function rehearsedRollback(seen: Pick<Held, 'program'>, progress: Progress, to: string | null): Prepared {
  const entry = progress.rollback ?? rollbackEntry(seen, progress, to)
  return entry.kind === 'refused' ? entry : { kind: 'ready', progress: advance(progress, entry) }
}

function isOnlyLogged(block: Runnable): boolean {
  return block.role === 'rollback' || (block.role === 'step' && !block.runsInRehearsal)
}

function logged(): Running {
  const nothing = { sha256: '', bytes: 0 }
  const result: CommandResult = {
    outcome: 'rehearsed',
    code: null,
    signal: null,
    durationMs: 0,
    stdout: nothing,
    stderr: nothing,
    text: '',
    isCut: false,
    problem: null,
  }
  return { done: Promise.resolve(result), kill: () => {} }
}

function scopeOf({ to, only }: RunOptions): Scope {
  return { to: to ?? null, only: only ?? null }
}

function controlsOf({ controls }: RunOptions): Controls {
  return controls ?? createControls()
}

function stateOf(
  { program }: Pick<Held, 'program'>,
  progress: Progress,
  options: RunOptions,
  isRehearsal: boolean,
): RunState {
  return { program, progress, scope: scopeOf(options), isRehearsal, phase: { kind: 'ready' }, pause: null }
}

function portsOf(
  book: Book,
  options: RunOptions,
  start: Ports['start'],
): Omit<Ports, 'journal' | 'requests'> {
  return {
    start,
    now: options.now ?? steadyNow,
    notice: options.notice ?? (() => {}),
    environment: book.environment,
  }
}

function commandPlace(
  book: Book,
  { graceMs }: RunOptions,
  block: Runnable,
  isRehearsal: boolean,
): Omit<CommandPlace, 'environment' | 'onLine'> {
  return {
    folder: book.folder,
    logFile: logFile(book.journal, block.id, isRehearsal),
    graceMs: graceMs ?? GRACE_MS,
    noteGroup: isRehearsal ? () => {} : (group) => noteGroup(book.journal, group),
  }
}

function resultOf(driven: Driven): RunResult {
  if (driven.kind === 'journal-fault') return { kind: 'refused', why: driven.why }
  const { phase, progress } = driven.state
  if (phase.kind !== 'ended') throw new Error(`a run came back before its end: ${phase.kind}`)
  return { kind: 'ended', code: phase.code, why: phase.why, progress }
}
