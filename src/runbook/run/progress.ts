import type { Parameters } from '../program/parameters.ts'
import type { Entry, EntryOf, Verdict } from './entry.ts'

/**
 *           started          ended well
 *   new ───────────▶ started ───────────▶ done ──▶ undoing ──▶ undone
 *    ▲                 │ ended badly        ▲         │ ended badly
 *    │ not done        ▼                    │         ▼
 *    └───────────── failed ── done ─────────┘    undo-failed
 *
 * A runner that finds `started`, `failed`, `undoing` or `undo-failed` does not know whether the step's effect is
 * there: its check decides, or a person.
 */
export type StepStatus = 'new' | 'started' | 'failed' | 'done' | 'undoing' | 'undo-failed' | 'undone'

export interface StepMark {
  readonly status: StepStatus
  /** How often its command was started, and its rollback's. */
  readonly attempt: number
  readonly undoAttempt: number
  readonly captured: Readonly<Record<string, string>>
  /** By whom it is known to be done, when not by its own exit. */
  readonly decidedBy: string | null
  /** It was only logged. */
  readonly isRehearsed: boolean
}

export interface Progress {
  readonly opened: EntryOf<'opened'> | null
  /** The digest of the plan it was begun with. */
  readonly plan: string | null
  /** The digests of the document and its blocks that the run goes by: as opened, or as an accepted edit left them. */
  readonly document: string | null
  readonly blocks: Readonly<Record<string, string>>
  /** The parameters that were set for the run. */
  readonly set: Parameters
  readonly marks: ReadonlyMap<string, StepMark>
  /** Places got through; stale ones were by an earlier process. */
  readonly passed: ReadonlyMap<string, 'fresh' | 'stale'>
  readonly verdicts: ReadonlyMap<string, { readonly verdict: Verdict; readonly why: string }>
  readonly approvals: ReadonlyMap<string, readonly EntryOf<'approved'>[]>
  readonly rollback: EntryOf<'rollback-began'> | null
  readonly lastStop: EntryOf<'stopped'> | null
}

const NEW: StepMark = {
  status: 'new',
  attempt: 0,
  undoAttempt: 0,
  captured: {},
  decidedBy: null,
  isRehearsed: false,
}

export const noProgress: Progress = {
  opened: null,
  plan: null,
  document: null,
  blocks: {},
  set: new Map(),
  marks: new Map(),
  passed: new Map(),
  verdicts: new Map(),
  approvals: new Map(),
  rollback: null,
  lastStop: null,
}

export function markOf(progress: Progress, step: string): StepMark {
  return progress.marks.get(step) ?? NEW
}

/** What is known after one more entry of the journal. Pure. */
export function advance(progress: Progress, entry: Entry): Progress {
  switch (entry.kind) {
    case 'opened':
      return { ...progress, opened: entry, plan: entry.plan, ...documentOf(entry) }
    case 'resumed':
      return {
        ...progress,
        plan: entry.plan ?? progress.plan,
        passed: new Map(Array.from(progress.passed.keys(), (key) => [key, 'stale'])),
      }
    case 'edit-accepted':
      return { ...progress, ...documentOf(entry) }
    case 'approved':
      return { ...progress, approvals: approve(progress.approvals, entry) }
    case 'started':
      return mark(
        progress,
        entry.step,
        entry.role === 'step'
          ? { status: 'started', attempt: entry.attempt, undoAttempt: 0 }
          : { status: 'undoing', undoAttempt: entry.attempt },
      )
    case 'ended':
      return ended(progress, entry)
    case 'decided':
      return decided(progress, entry)
    case 'judged':
      return {
        ...progress,
        verdicts: new Map(progress.verdicts).set(entry.place, { verdict: entry.verdict, why: entry.why }),
      }
    case 'passed':
      return { ...progress, passed: new Map(progress.passed).set(entry.place, 'fresh') }
    case 'rollback-began':
      return rollbackBegan(progress, entry)
    case 'rollback-ended':
      return { ...progress, rollback: null }
    case 'repaired':
      return progress
    case 'stopped':
      return { ...progress, lastStop: entry }
  }
}

function documentOf({ document, blocks, set }: EntryOf<'opened' | 'edit-accepted'>) {
  return { document, blocks, set: new Map(Object.entries(set)) }
}

function mark(progress: Progress, step: string, change: Partial<StepMark>): Progress {
  return { ...progress, marks: new Map(progress.marks).set(step, { ...markOf(progress, step), ...change }) }
}

function ended(progress: Progress, entry: EntryOf<'ended'>): Progress {
  const { step, is_done: isDone, captured, outcome } = entry
  if (entry.role === 'rollback')
    return mark(progress, step, isDone ? { status: 'undone', captured: {} } : { status: 'undo-failed' })
  if (!isDone) return mark(progress, step, { status: 'failed' })
  return mark(progress, step, {
    status: 'done',
    captured,
    decidedBy: null,
    isRehearsed: outcome === 'rehearsed',
  })
}

function decided(progress: Progress, { step, is_done: isDone, by, captured }: EntryOf<'decided'>): Progress {
  const { status, captured: kept } = markOf(progress, step)
  if (isDone)
    return mark(progress, step, { status: 'done', decidedBy: by, captured: { ...kept, ...captured } })
  const isUndone =
    progress.rollback !== null || status === 'undoing' || status === 'undo-failed' || status === 'undone'
  return mark(progress, step, { status: isUndone ? 'undone' : 'new', captured: {}, decidedBy: by })
}

/** One person approves once, whatever they say twice. */
function approve(approvals: Progress['approvals'], entry: EntryOf<'approved'>): Progress['approvals'] {
  const others = (approvals.get(entry.id) ?? []).filter(({ by }) => by !== entry.by)
  return new Map(approvals).set(entry.id, [...others, entry])
}

function rollbackBegan(progress: Progress, entry: EntryOf<'rollback-began'>): Progress {
  const voids = new Set(entry.voids)
  return {
    ...progress,
    rollback: entry,
    passed: new Map([...progress.passed].filter(([key]) => !voids.has(key))),
    verdicts: new Map([...progress.verdicts].filter(([key]) => !voids.has(key))),
    approvals: new Map([...progress.approvals].filter(([id]) => !voids.has(`approval:${id}`))),
  }
}

/** The values that completed steps have left for later ones. */
export function environmentOf(progress: Progress): Record<string, string> {
  const environment: Record<string, string> = {}
  for (const { status, captured } of progress.marks.values())
    if (status === 'done') Object.assign(environment, captured)
  return environment
}
