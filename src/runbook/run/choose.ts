import { approvalOf, blockOf, gateOf, stepOf, watchOf, type Place } from '../program/program.ts'
import type { Failure } from './entry.ts'
import { end, enter, record, run, type Flow } from './flow.ts'
import { approvalsOf, nextPlace, stepsToUndo, voidedBy } from './outlook.ts'
import { markOf } from './progress.ts'

const LOOK_EVERY_MS = 5000
const ANSWER_MS = 10_000

/** Chooses what comes next: nothing on a pause, a rollback under way before anything forward. */
export function choose(flow: Flow, now: number): Flow {
  const { program, progress, pause, scope } = flow.state
  if (pause !== null) return end(flow, 3, pause)
  if (progress.rollback) return chooseBack(flow)
  const place = nextPlace(program, progress, scope)
  if (!place) return end(flow, 0, completeText(flow))
  if (place.kind === 'step') return takeStep(flow, place.id)
  return place.kind === 'gate' ? judge(flow, place, now, now, null) : look(flow, place.id, now)
}

function completeText({ state: { scope, isRehearsal } }: Flow): string {
  if (isRehearsal) return 'rehearsed: nothing was changed'
  if (scope.only !== null) return `${scope.only} is complete`
  return scope.to === null ? 'complete' : `complete up to ${scope.to}`
}

/** A step whose fate is unknown is asked about first, never blindly repeated. */
function takeStep(flow: Flow, id: string): Flow {
  const { program, progress } = flow.state
  const step = stepOf(program, id)
  const { status } = markOf(progress, id)
  const isKnown = status === 'new' || status === 'undone'
  if (!isKnown && step.check !== null) return ask(flow, id, step.check)
  return start(flow, id, 'step')
}

function ask(flow: Flow, step: string, check: string): Flow {
  return enter(flow, { kind: 'checking', step }, run(blockOf(flow.state.program, check, 'check'), step))
}

function start(flow: Flow, id: string, role: 'step' | 'rollback'): Flow {
  const { program, progress } = flow.state
  const step = stepOf(program, id)
  const block = role === 'step' ? step : blockOf(program, step.rollback ?? '', 'rollback')
  const mark = markOf(progress, id)
  const attempt = (role === 'step' ? mark.attempt : mark.undoAttempt) + 1
  const recorded = record(flow, { kind: 'started', step: id, role, attempt, block: block.digest })
  return enter(
    recorded,
    { kind: role === 'step' ? 'stepping' : 'undoing', step: id, attempt },
    run(block, id),
  )
}

/** Evaluates a gate; what is left of its bound limits this evaluation, but for the time a look takes. */
export function judge(flow: Flow, place: Place, now: number, since: number, passSince: number | null): Flow {
  const gate = gateOf(flow.state.program, place.id)
  const left = Math.max(ANSWER_MS, since + gate.timeoutMs - now)
  const timeoutMs = Math.min(gate.evaluationMs, left)
  return enter(
    flow,
    { kind: 'judging', place: place.key, since, passSince },
    run(gate, place.station, timeoutMs),
  )
}

/** Looks at an approval: first at the gates that are watched, then at who has approved. */
export function look(flow: Flow, approval: string, now: number, since = now): Flow {
  const { program, isRehearsal } = flow.state
  if (isRehearsal) return choose(record(flow, { kind: 'passed', place: `approval:${approval}` }), now)
  const [first, ...others] = watchOf(program, approvalOf(program, approval))
  return first === undefined
    ? settle(flow, approval, now, since, [])
    : watch(flow, approval, since, [first, ...others], [])
}

export function watch(
  flow: Flow,
  approval: string,
  since: number,
  left: readonly [string, ...string[]],
  holds: readonly string[],
): Flow {
  const gate = gateOf(flow.state.program, left[0])
  return enter(
    flow,
    { kind: 'watching', approval, since, left, holds },
    run(gate, approval, gate.evaluationMs),
  )
}

export function settle(flow: Flow, id: string, now: number, since: number, holds: readonly string[]): Flow {
  const { program, progress, pause } = flow.state
  const approval = approvalOf(program, id)
  const missing = approval.approvers - approvalsOf(program, progress, id).length
  if (missing <= 0 && holds.length === 0)
    return choose(record(flow, { kind: 'passed', place: `approval:${id}` }), now)
  if (pause !== null) return end(flow, 3, pause)
  if (now - since >= approval.timeoutMs) return end(flow, 3, waitText(id, missing, holds))
  const every = watchOf(program, approval).map((gate) => gateOf(program, gate).everyMs)
  const at = Math.min(now + Math.min(LOOK_EVERY_MS, ...every), since + approval.timeoutMs)
  return enter(flow, { kind: 'awaiting', approval: id, since, holds }, { kind: 'wake', at })
}

function waitText(id: string, missing: number, holds: readonly string[]): string {
  const people =
    missing > 0 ? `approval ${id} waits for ${missing} ${missing === 1 ? 'person' : 'people'}` : ''
  const gates = holds.length > 0 ? `approval ${id} is held by ${holds.join(', ')}` : ''
  return [people, gates].filter((text) => text !== '').join('; ')
}

/** What a failure leads to: an end, or the way back. */
export function fail(flow: Flow, { onFail, rollbackTo, why }: Failure, now: number): Flow {
  const { program, progress, isRehearsal } = flow.state
  const steps = onFail === 'rollback' ? stepsToUndo(program, progress, rollbackTo) : []
  if (steps.length === 0) return end(flow, 1, why)
  if (isRehearsal) return end(flow, 1, `${why}: would be rolled back: ${steps.join(', ')}`)
  const voids = voidedBy(program, steps)
  return choose(record(flow, { kind: 'rollback-began', because: why, is_automatic: true, steps, voids }), now)
}

function chooseBack(flow: Flow): Flow {
  const { program, progress } = flow.state
  const { rollback } = progress
  const id = rollback?.steps.find((step) => !['new', 'undone'].includes(markOf(progress, step).status))
  if (id === undefined) {
    const ended = record(flow, { kind: 'rollback-ended' })
    if (flow.state.isRehearsal)
      return end(ended, 0, `rehearsed: would be taken back: ${rollback?.steps.join(', ')}`)
    return rollback?.is_automatic
      ? end(ended, 1, `${rollback.because}: rolled back: ${rollback.steps.join(', ')}`)
      : end(ended, 0, `rolled back: ${rollback?.steps.join(', ')}`)
  }
  const { check } = stepOf(program, id)
  const isKnown = markOf(progress, id).status === 'done'
  return !isKnown && check !== null ? ask(flow, id, check) : start(flow, id, 'rollback')
}
