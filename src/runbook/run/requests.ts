import type { Program } from '../program/program.ts'
import { see, type Book, type Broken, type Refused } from './book.ts'
import { capturedFrom, type Values } from './captured-values.ts'
import type { Person } from './edit.ts'
import type { EntryOf } from './entry.ts'
import { ask, isHeld } from './folder.ts'
import { obstacleToDecide } from './next.ts'
import { openRun, type Busy, type Stale } from './open-run.ts'

export type Noted =
  | Broken
  | Refused
  | Busy
  | Stale
  | {
      readonly kind: 'noted'
      /** Nobody runs it now, or the running one was told. */ readonly by: 'journal' | 'runner'
    }

export function approvalEntry(
  program: Program,
  id: string,
  { by, reason }: Person,
): Refused | EntryOf<'approved'> {
  const block = program.blocks.get(id)
  return block?.role === 'approval'
    ? { kind: 'approved', id, by, reason, block: block.digest }
    : { kind: 'refused', why: `no approval has this name: ${id}: name one that plan shows` }
}

/** Records that a person approves; a runner that waits for it is told. */
export async function approve(book: Book, id: string, person: Person): Promise<Noted> {
  const seen = see(book)
  if (seen.kind !== 'seen') return seen
  const entry = approvalEntry(seen.program, id, person)
  if (entry.kind === 'refused') return entry
  const opened = await openRun(book, { plan: null, acceptEdit: null, now: Date.now })
  if (opened.kind === 'busy') {
    ask(book.journal, entry)
    return { kind: 'noted', by: 'runner' }
  }
  if (opened.kind !== 'held') return opened
  try {
    opened.note(opened.progress, entry)
    return { kind: 'noted', by: 'journal' }
  } finally {
    opened.release()
  }
}

/** Records what a person found out about a step whose fate nobody knew. */
export async function decide(
  book: Book,
  id: string,
  isDone: boolean,
  person: Person,
  values: Values = {},
): Promise<Noted> {
  const opened = await openRun(book, { plan: null, acceptEdit: null, now: Date.now })
  if (opened.kind !== 'held') return opened
  try {
    const { program, progress } = opened
    const obstacle = obstacleToDecide(program, progress, id)
    if (obstacle !== null) return { kind: 'refused', why: obstacle }
    const captured = isDone
      ? capturedFrom(program, progress, id, values)
      : { kind: 'values' as const, values: {} }
    if (captured.kind === 'refused') return captured
    const { by, reason } = person
    opened.note(progress, {
      kind: 'decided',
      step: id,
      is_done: isDone,
      by,
      reason,
      captured: captured.values,
    })
    return { kind: 'noted', by: 'journal' }
  } finally {
    opened.release()
  }
}

/** Asks the runner of this book to pause; it does between commands. */
export function pause(book: Book, why: string): Noted {
  if (!isHeld(book.journal))
    return { kind: 'refused', why: `nobody runs this: ${book.journal}: there is nothing to pause` }
  ask(book.journal, { kind: 'pause', why })
  return { kind: 'noted', by: 'runner' }
}
