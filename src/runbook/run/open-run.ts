import { setTimeout as sleep } from 'node:timers/promises'
import type { HeldLock } from '../../process/file-lock.ts'
import type { Program } from '../program/program.ts'
import { brokenJournal, digestsOf, see, type Book, type Broken, type Refused } from './book.ts'
import type { Entry } from './entry.ts'
import { leftoverGroup, lockFolder, requests } from './folder.ts'
import { JournalFault, loadChain, openJournal, type Journal } from './journal.ts'
import { planDigest, probe, staleness, type Plan } from './plan.ts'
import { advance, type Progress } from './progress.ts'
import type { Notice } from './drive.ts'
import { editOf, type Person } from './edit.ts'
import { noProgress } from './progress.ts'
import { TOOL_VERSION } from './tool-version.ts'

export interface Held {
  readonly kind: 'held'
  readonly program: Program
  readonly progress: Progress
  readonly journal: Journal
  /** Records and gives the progress after it. */
  readonly note: (progress: Progress, entry: Entry) => Progress
  readonly release: () => void
}

export type Opened = Broken | Refused | Busy | Stale | Held
export type Busy = { readonly kind: 'busy'; readonly why: string }
export type Stale = { readonly kind: 'stale'; readonly changed: readonly string[] }

export interface OpenOptions {
  readonly plan: Plan | null
  readonly acceptEdit: Person | null
  readonly now: () => number
  readonly notice?: (notice: Notice) => void
}

const LEFTOVER_MS = 5000
const LEFTOVER_POLL_MS = 20

/** Takes the run of a runbook: lock, journal, document and plan in order, or nothing at all. */
export async function openRun(book: Book, options: OpenOptions): Promise<Opened> {
  const seen = see(book)
  if (seen.kind !== 'seen') return seen
  const lock = await lockFolder(book.journal)
  if (!lock)
    return { kind: 'busy', why: `another runner has this run: ${book.journal}: wait for it, or pause it` }
  let isKept = false
  try {
    const leftover = await waitForLeftover(book.journal)
    if (leftover !== null) return { kind: 'refused', why: leftover }
    const stale = await againstPlan(book, seen.program, seen.progress, options.plan)
    if (stale) return stale
    const held = take(book, seen.program, lock, options)
    isKept = held.kind === 'held'
    return held
  } catch (error) {
    if (error instanceof JournalFault) return { kind: 'refused', why: error.message }
    throw error
  } finally {
    if (!isKept) lock.release()
  }
}

/** A command of a runner that was killed dies with it; until it has, nobody can tell what it does. */
async function waitForLeftover(folder: string): Promise<string | null> {
  const until = Date.now() + LEFTOVER_MS
  for (;;) {
    const group = leftoverGroup(folder)
    if (group === null) return null
    if (Date.now() >= until)
      return `a command of an earlier run still runs: process group ${group}: end it, then resume`
    await sleep(LEFTOVER_POLL_MS)
  }
}

async function againstPlan(
  book: Book,
  program: Program,
  progress: Progress,
  plan: Plan | null,
): Promise<Refused | Stale | null> {
  if (!plan) return null
  const isBegun = progress.plan !== null || progress.marks.size > 0
  if (isBegun && progress.plan !== planDigest(plan))
    return { kind: 'refused', why: 'this run was begun without this plan: resume it without --plan' }
  // A run that has begun changes the state itself.
  const state = isBegun ? null : await probe(book, program)
  if (state?.kind === 'refused') return state
  const changed = staleness(plan, program, state?.digests ?? null)
  return changed.length > 0 ? { kind: 'stale', changed } : null
}

/** Reads the journal again under the lock, and brings it up to this process. */
function take(book: Book, program: Program, lock: HeldLock, options: OpenOptions): Refused | Held {
  const chain = loadChain(book.journal)
  if (chain.kind === 'broken') return brokenJournal(book.journal, chain.why)
  const before = chain.lines.reduce((progress, { entry }) => advance(progress, entry), noProgress)
  const edit = editOf(before, program, book.set, options.acceptEdit)
  if (edit.kind === 'refused') return edit
  for (const { request, forget } of requests(book.journal)) if (request.kind === 'pause') forget() // it was for another runner
  const journal = openJournal(book.journal, chain, options.now())
  const note = (from: Progress, entry: Entry): Progress => {
    const at = options.now()
    journal.append(entry, at)
    options.notice?.({ kind: 'entry', at, entry })
    return advance(from, entry)
  }
  let now = before
  for (const entry of edit.entries) now = note(now, entry)
  now = note(now, before.opened ? resuming(options.plan) : opening(program, book, options.plan))
  return {
    kind: 'held',
    program,
    progress: now,
    journal,
    note,
    release: () => {
      journal.close()
      lock.release()
    },
  }
}

function opening(program: Program, { set }: Book, plan: Plan | null): Entry {
  return {
    kind: 'opened',
    name: program.name,
    document: program.digest,
    tool: TOOL_VERSION,
    blocks: digestsOf(program),
    set: Object.fromEntries(set),
    plan: plan ? planDigest(plan) : null,
  }
}

function resuming(plan: Plan | null): Entry {
  return { kind: 'resumed', tool: TOOL_VERSION, plan: plan ? planDigest(plan) : null }
}
