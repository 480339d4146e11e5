import type { ProgramProblem, Station } from '../program/block.ts'
import { approvalOf } from '../program/program.ts'
import { changedBlocks, digestsOf, see, type Book, type Broken, type Refused } from './book.ts'
import { isHeld } from './folder.ts'
import { approvalsOf, isComplete } from './outlook.ts'
import { markOf, type StepStatus } from './progress.ts'

export interface StationStatus {
  readonly id: string
  readonly role: Station['role']
  readonly state: StepStatus | 'open' | 'passed' | 'approved'
  readonly detail: string
}

export type Status =
  | Broken
  | Refused
  | {
      readonly kind: 'status'
      readonly name: string
      readonly is_begun: boolean
      readonly is_running: boolean
      readonly is_complete: boolean
      readonly is_rolling_back: boolean
      /** Blocks that were edited after the run began and not accepted. */
      readonly edited: readonly string[]
      readonly stations: readonly StationStatus[]
      readonly last_stop: { readonly code: number; readonly why: string } | null
      readonly last_at: number | null
      readonly warnings: readonly ProgramProblem[]
    }

/** Where a run stands. Starts nothing and waits for nobody. */
export function status(book: Book): Status {
  const seen = see(book)
  if (seen.kind !== 'seen') return seen
  const { program, progress, lastAt, warnings } = seen
  return {
    kind: 'status',
    name: program.name,
    is_begun: progress.opened !== null,
    is_running: isHeld(book.journal),
    is_complete: program.stations.every(({ id }) => isComplete(program, progress, id)),
    is_rolling_back: progress.rollback !== null,
    edited: progress.opened ? changedBlocks(progress.blocks, digestsOf(program)) : [],
    stations: program.stations.map((station) => stationStatus(station, seen)),
    last_stop: progress.lastStop && { code: progress.lastStop.code, why: progress.lastStop.why },
    last_at: lastAt,
    warnings,
  }
}

function stationStatus(
  { id, role }: Station,
  { program, progress }: Extract<ReturnType<typeof see>, { kind: 'seen' }>,
): StationStatus {
  if (role === 'step') {
    const { status: state, decidedBy, attempt } = markOf(progress, id)
    const by = decidedBy === null ? '' : `by ${decidedBy}`
    const open = state === 'done' && !isComplete(program, progress, id) ? 'its gates have not passed' : ''
    const tries = attempt > 1 ? `attempt ${attempt}` : ''
    return { id, role, state, detail: [by, open, tries].filter((text) => text !== '').join(', ') }
  }
  const isThrough = isComplete(program, progress, id)
  if (role === 'gate') {
    const last = progress.verdicts.get(`gate:${id}`)
    return {
      id,
      role,
      state: isThrough ? 'passed' : 'open',
      detail: last ? `${last.verdict}: ${last.why}` : '',
    }
  }
  const given = approvalsOf(program, progress, id).map(({ by }) => by)
  const count = `${given.length} of ${approvalOf(program, id).approvers}`
  return { id, role, state: isThrough ? 'approved' : 'open', detail: [count, ...given].join(', ') }
}
