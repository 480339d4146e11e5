import { approvalOf, stepOf, type Program } from '../program/program.ts'
import { changedBlocks, digestsOf, see, type Book, type Broken, type Refused } from './book.ts'
import { approvalsOf, isComplete, stepsToUndo } from './outlook.ts'
import { markOf, type Progress } from './progress.ts'

export interface Allowed {
  readonly id: string
  readonly action: 'run' | 'approve' | 'decide' | 'rollback'
  readonly what: string
}

export interface RefusedAction {
  readonly id: string
  readonly why: string
  /** What would lift it. */
  readonly lift: string
}

export type Next =
  | Broken
  | Refused
  | { readonly kind: 'next'; readonly may: readonly Allowed[]; readonly refused: readonly RefusedAction[] }

/** What may be done now, and why the rest may not. Starts nothing. */
export function next(book: Book): Next {
  const seen = see(book)
  return seen.kind === 'seen' ? outlook(seen.program, seen.progress) : seen
}

export function outlook(program: Program, progress: Progress): Extract<Next, { kind: 'next' }> {
  const may: Allowed[] = []
  const refused: RefusedAction[] = []
  for (const { id } of program.stations) {
    const obstacle = obstacleTo(program, progress, id)
    if (obstacle) refused.push(obstacle)
    else may.push(...actionsOn(program, progress, id))
  }
  for (const id of undecided(program, progress))
    may.push({ id, action: 'decide', what: `record whether ${id} took effect, when its check cannot tell` })
  const undo = stepsToUndo(program, progress, null)
  if (undo.length > 0)
    may.push({ id: undo[0] ?? '', action: 'rollback', what: `take back ${undo.join(', ')}` })
  return { kind: 'next', may, refused }
}

function actionsOn(program: Program, progress: Progress, id: string): Allowed[] {
  const { role } = program.blocks.get(id) ?? {}
  if (role !== 'approval')
    return [{ id, action: 'run', what: role === 'gate' ? 'evaluate the gate' : 'run the step' }]
  const { approvers } = approvalOf(program, id)
  const given = approvalsOf(program, progress, id)
  if (given.length >= approvers) return [{ id, action: 'run', what: 'go on: it is approved' }]
  const by = given.length > 0 ? `, after ${given.map((approval) => approval.by).join(', ')}` : ''
  return [{ id, action: 'approve', what: `approval ${given.length + 1} of ${approvers}${by}` }]
}

/** Steps whose fate only their check or a person can tell. */
export function undecided(program: Program, progress: Progress): string[] {
  return program.stations
    .filter(({ id, role }) => {
      const { status } = markOf(progress, id)
      return role === 'step' && ['started', 'failed', 'undoing', 'undo-failed'].includes(status)
    })
    .map(({ id }) => id)
}

/** Why a station may not be run alone now; null when it may. */
export function obstacleTo(program: Program, progress: Progress, id: string): RefusedAction | null {
  if (!program.stations.some((station) => station.id === id))
    return {
      id,
      why: 'no step, gate or approval in the order has this name',
      lift: 'name one that plan shows',
    }
  const changed = progress.opened ? changedBlocks(progress.blocks, digestsOf(program)) : []
  if (changed.length > 0)
    return {
      id,
      why: `the document was edited: ${changed.join(', ')}`,
      lift: '--accept-edit --by NAME --reason TEXT',
    }
  if (progress.rollback)
    return {
      id,
      why: `a rollback is under way: ${progress.rollback.steps.join(', ')}`,
      lift: 'resume, to finish it',
    }
  if (isComplete(program, progress, id)) return { id, why: 'it is complete', lift: 'rollback' }
  const unknown = undecided(program, progress).filter((step) => step !== id)
  if (unknown.length > 0)
    return {
      id,
      why: `nobody knows the fate of ${unknown.join(', ')}`,
      lift: 'resume asks the check; else decide',
    }
  const missing = (program.needs.get(id) ?? []).filter((need) => !isComplete(program, progress, need))
  if (missing.length > 0)
    return { id, why: `it needs ${missing.join(', ')}`, lift: `complete ${missing.join(', ')}` }
  return null
}

/** Why a decision on a step is refused; null when it may be recorded. */
export function obstacleToDecide(program: Program, progress: Progress, id: string): string | null {
  if (undecided(program, progress).includes(id)) return null
  const { status } = markOf(progress, id)
  return program.blocks.get(id)?.role === 'step'
    ? `step ${stepOf(program, id).id} is ${status}: there is nothing to decide`
    : `no step has this name: ${id}`
}
