import { approvalOf, stepOf, type Place, type Program } from '../program/program.ts'
import type { EntryOf } from './entry.ts'
import { markOf, type Progress } from './progress.ts'

/** The approvals that count: of the text as it stands now. */
export function approvalsOf(
  program: Program,
  progress: Progress,
  id: string,
): readonly EntryOf<'approved'>[] {
  const { digest } = approvalOf(program, id)
  return (progress.approvals.get(id) ?? []).filter(({ block }) => block === digest)
}

/** Whether a place is behind us. One an earlier process got through counts as long as nothing asks for a fresh look. */
export function isThrough(progress: Progress, place: Place): boolean {
  if (place.kind === 'step') return markOf(progress, place.id).status === 'done'
  if (place.purpose === 'before' && markOf(progress, place.station).status === 'done') return true
  return progress.passed.has(place.key)
}

export function isComplete(program: Program, progress: Progress, station: string): boolean {
  return program.places.every((place) => place.station !== station || isThrough(progress, place))
}

/** A gate an earlier process saw pass is looked at again before anything that depends on it. */
export function needsFreshLook(program: Program, progress: Progress, place: Place): boolean {
  if (place.kind !== 'gate' || progress.passed.get(place.key) !== 'stale') return false
  if (place.purpose === 'before') return markOf(progress, place.station).status !== 'done'
  return program.stations.some(
    ({ id }) =>
      (id === place.station || (program.needs.get(id) ?? []).includes(place.station)) &&
      !isComplete(program, progress, id),
  )
}

export interface Scope {
  /** Nothing behind this station is begun. */
  readonly to: string | null
  /** Only this station, with a fresh look at the gates it needs. */
  readonly only: string | null
}

export function nextPlace(program: Program, progress: Progress, { to, only }: Scope): Place | null {
  const last = to === null ? Infinity : program.stations.findIndex(({ id }) => id === to)
  const open = (place: Place): boolean =>
    !isThrough(progress, place) || needsFreshLook(program, progress, place)
  if (only !== null) {
    const needed = program.needs.get(only) ?? []
    const isOurs = (place: Place): boolean =>
      place.station === only || (needed.includes(place.station) && needsFreshLook(program, progress, place))
    return program.places.find((place) => isOurs(place) && open(place)) ?? null
  }
  const index = new Map(program.stations.map(({ id }, at) => [id, at]))
  return program.places.find((place) => (index.get(place.station) ?? 0) <= last && open(place)) ?? null
}

/** Steps to take back, latest first, down to and with `to`. What never began, or is taken back, stays out. */
export function stepsToUndo(program: Program, progress: Progress, to: string | null): string[] {
  const first =
    to === null
      ? 0
      : Math.max(
          0,
          program.stations.findIndex(({ id }) => id === to),
        )
  return program.stations
    .slice(first)
    .filter(({ id, role }) => role === 'step' && !['new', 'undone'].includes(markOf(progress, id).status))
    .map(({ id }) => id)
    .filter((id) => stepOf(program, id).rollback !== null)
    .toReversed()
}

/** What no longer counts once these steps are taken back: every place from the earliest of them on. */
export function voidedBy(program: Program, steps: readonly string[]): string[] {
  const first = program.places.findIndex(({ station }) => steps.includes(station))
  return first < 0 ? [] : program.places.slice(first).map(({ key }) => key)
}
