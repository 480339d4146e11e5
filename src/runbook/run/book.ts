import { join } from 'node:path'
import type { ProgramProblem } from '../program/block.ts'
import type { Parameters } from '../program/parameters.ts'
import { parseProgram, type Program } from '../program/program.ts'
import { advance, noProgress, type Progress } from './progress.ts'
import { journalFile, loadChain } from './journal.ts'

/** A runbook and where its run lives. */
export interface Book {
  readonly text: string
  readonly name: string
  /** The commands run here. */
  readonly folder: string
  /** The journal, its head, lock and logs. */
  readonly journal: string
  /** Parameters that are set for this run; those a run was begun with need not be said again. */
  readonly set: Parameters
  /** What the commands get, beside parameters and captured values. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

export type Broken = { readonly kind: 'broken'; readonly problems: readonly ProgramProblem[] }
/** Nothing was started; `why` says what to do. */
export type Refused = { readonly kind: 'refused'; readonly why: string }

export type Seen =
  | Broken
  | Refused
  | {
      readonly kind: 'seen'
      readonly program: Program
      readonly warnings: readonly ProgramProblem[]
      readonly progress: Progress
      /** Milliseconds since the epoch of the journal's last line. */
      readonly lastAt: number | null
    }

/** Reads the runbook and its journal without changing or locking anything. */
export function see(book: Book): Seen {
  const chain = loadChain(book.journal)
  if (chain.kind === 'broken') return brokenJournal(book.journal, chain.why)
  let progress = noProgress
  for (const { entry } of chain.lines) progress = advance(progress, entry)
  const parsed = parseProgram(book.text, book.name, new Map([...progress.set, ...book.set]))
  if (parsed.kind === 'broken') return parsed
  const { program, warnings } = parsed
  return { kind: 'seen', program, warnings, progress, lastAt: chain.lines.at(-1)?.at ?? null }
}

export function brokenJournal(folder: string, why: string): Refused {
  return {
    kind: 'refused',
    why: `cannot trust the journal ${journalFile(folder)}: ${why}: compare it with a copy; to begin anew after finding out what was done, name another folder with --journal`,
  }
}

export function digestsOf(program: Program): Record<string, string> {
  return Object.fromEntries(Array.from(program.blocks.values(), ({ id, digest }) => [id, digest]))
}

/** Blocks that were added, taken away or changed. */
export function changedBlocks(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): string[] {
  const ids = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...ids].filter((id) => before[id] !== after[id]).sort()
}

export const logFile = (folder: string, id: string, isRehearsal: boolean): string =>
  join(folder, isRehearsal ? 'rehearsal' : 'logs', `${id}.log`)
