import { blockOf, gateOf, stepOf, type Place, type Program } from '../program/program.ts'
import { choose, fail, judge, look, settle, watch } from './choose.ts'
import type { Failure } from './entry.ts'
import { end, enter, record, stay, type Flow } from './flow.ts'
import { answerOf, endText, judgeGate, judgeStep, type Judgement } from './judge.ts'
import type { CommandResult, Phase, RunEvent, RunState, Transition } from './machine-state.ts'
import { markOf } from './progress.ts'

type PhaseOf<K extends Phase['kind']> = Extract<Phase, { kind: K }>

/** One transition. Total: an event that says nothing in a phase leaves everything as it is. Pure. */
export function step(state: RunState, event: RunEvent, now: number): Transition {
  if (state.phase.kind === 'ended') return stay(state)
  switch (event.kind) {
    case 'go':
      return state.phase.kind === 'ready' ? choose(stay(state), now) : stay(state)
    case 'command-ended':
      return commandEnded(state, event.result, now)
    case 'tick':
      return tick(state, now)
    case 'noted':
      return noted(record(stay(state), event.entry), event.entry.id, now)
    case 'pause':
      return pause(state, event.why)
    case 'kill':
      return kill(state)
  }
}

function isIdle({ kind }: Phase): boolean {
  return kind === 'ready' || kind === 'waiting' || kind === 'awaiting'
}

function pause(state: RunState, why: string): Flow {
  return isIdle(state.phase) ? end(stay(state), 3, why) : stay({ ...state, pause: state.pause ?? why })
}

function kill(state: RunState): Flow {
  const why = state.pause ?? 'stopped at once'
  if (isIdle(state.phase)) return end(stay(state), 3, why)
  return { state: { ...state, pause: why }, effects: [{ kind: 'kill' }] }
}

function tick(state: RunState, now: number): Flow {
  const { phase, program } = state
  if (phase.kind === 'waiting')
    return judge(stay(state), placeOf(program, phase.place), now, phase.since, phase.passSince)
  return phase.kind === 'awaiting' ? look(stay(state), phase.approval, now, phase.since) : stay(state)
}

/** An approval that comes while it is awaited leads to a fresh look at once. */
function noted(flow: Flow, id: string, now: number): Flow {
  const { phase } = flow.state
  return phase.kind === 'awaiting' && phase.approval === id ? look(flow, id, now, phase.since) : flow
}

function commandEnded(state: RunState, result: CommandResult, now: number): Flow {
  const { phase } = state
  switch (phase.kind) {
    case 'stepping':
      return stepEnded(state, phase, result, now)
    case 'undoing':
      return undoEnded(state, phase, result, now)
    case 'checking':
      return checkEnded(state, phase, result, now)
    case 'judging':
      return gateEnded(state, phase, result, now)
    case 'watching':
      return watchEnded(state, phase, result, now)
    default:
      return stay(state)
  }
}

function endedEntry(
  { step, attempt }: PhaseOf<'stepping' | 'undoing'>,
  role: 'step' | 'rollback',
  { outcome, code, signal, durationMs, stdout, stderr }: CommandResult,
  judged: { isDone: boolean; captured: Readonly<Record<string, string>>; why: string | null },
) {
  const { isDone, captured, why } = judged
  const how = {
    is_done: isDone,
    outcome,
    code,
    signal,
    duration_ms: durationMs,
    stdout,
    stderr,
    captured,
    why,
  }
  return { kind: 'ended', step, role, attempt, ...how } as const
}

function stepEnded(state: RunState, phase: PhaseOf<'stepping'>, result: CommandResult, now: number): Flow {
  const block = stepOf(state.program, phase.step)
  const judged = judgeStep(block, result)
  const recorded = record(stay(state), endedEntry(phase, 'step', result, judged))
  if (judged.isDone) return choose(recorded, now)
  const why = `step ${phase.step} failed: ${judged.why}`
  if (result.outcome === 'killed') return end(recorded, 3, `step ${phase.step} was killed on demand`)
  return fail(recorded, { onFail: block.onFail, rollbackTo: block.rollbackTo, why }, now)
}

function undoEnded(state: RunState, phase: PhaseOf<'undoing'>, result: CommandResult, now: number): Flow {
  const isDone = result.outcome === 'rehearsed' || (result.outcome === 'exited' && result.code === 0)
  const why = isDone ? null : endText(result)
  const recorded = record(stay(state), endedEntry(phase, 'rollback', result, { isDone, captured: {}, why }))
  if (isDone) return choose(takenBackWith(recorded, phase.step), now)
  return end(recorded, result.outcome === 'killed' ? 3 : 1, `rollback of ${phase.step} failed: ${why}`)
}

/** The steps in a row behind this one that the same run of their rollback has taken back. */
function takenBackWith(flow: Flow, step: string): Flow {
  const { program, progress } = flow.state
  const id = stepOf(program, step).rollback ?? ''
  if (!blockOf(program, id, 'rollback').isOnce) return flow
  const steps = progress.rollback?.steps ?? []
  let next = flow
  for (const other of steps.slice(steps.indexOf(step) + 1)) {
    if (stepOf(program, other).rollback !== id) break
    const reason = `taken back together with ${step}`
    next = record(next, { kind: 'decided', step: other, is_done: false, by: id, reason, captured: {} })
  }
  return next
}

function checkEnded(state: RunState, phase: PhaseOf<'checking'>, result: CommandResult, now: number): Flow {
  const block = stepOf(state.program, phase.step)
  if (result.outcome === 'killed')
    return end(stay(state), 3, `the check of ${phase.step} was killed on demand`)
  const check = blockOf(state.program, block.check ?? '', 'check')
  const answer = answerOf(block, check, result, state.progress.rollback === null)
  if (answer.kind === 'unknown')
    return end(
      stay(state),
      3,
      `nobody knows whether step ${phase.step} took effect: ${answer.why}: find out, then record it with decide`,
    )
  const isDone = answer.kind === 'yes'
  const decided = record(stay(state), {
    kind: 'decided',
    step: phase.step,
    is_done: isDone,
    by: `check ${block.check}`,
    reason: `${markOf(state.progress, phase.step).status}, then ${endText(result)}`,
    captured: isDone ? answer.captured : {},
  })
  return choose(decided, now)
}

function placeOf(program: Program, key: string): Place {
  const place = program.places.find((candidate) => candidate.key === key)
  if (!place) throw new Error(`no place has this key: ${key}`)
  return place
}

function noteVerdict(flow: Flow, place: string, gate: string, { verdict, why }: Judgement): Flow {
  const last = flow.state.progress.verdicts.get(place)?.verdict
  return last === verdict ? flow : record(flow, { kind: 'judged', place, gate, verdict, why })
}

function failureOf(state: RunState, place: Place, why: string): Failure {
  const gate = gateOf(state.program, place.id)
  const owner = place.purpose === 'after' ? stepOf(state.program, place.station) : null
  return {
    onFail: gate.onFail ?? owner?.onFail ?? 'stop',
    rollbackTo: gate.rollbackTo ?? owner?.rollbackTo ?? null,
    why,
  }
}

function gateEnded(state: RunState, phase: PhaseOf<'judging'>, result: CommandResult, now: number): Flow {
  const place = placeOf(state.program, phase.place)
  if (result.outcome === 'killed') return end(stay(state), 3, `gate ${place.id} was killed on demand`)
  const judged = judgeGate(gateOf(state.program, place.id), result)
  const flow = noteVerdict(stay(state), place.key, place.id, judged)
  if (state.isRehearsal) return rehearsed(flow, place, judged, now)
  if (judged.verdict === 'FAIL')
    return fail(flow, failureOf(state, place, `gate ${place.id} FAIL: ${judged.why}`), now)
  return judged.verdict === 'PASS'
    ? passed(flow, place, phase, now)
    : held(flow, place, phase, judged.why, now)
}

/** One PASS is enough for a gate without a soak, and for one whose soak an earlier process has seen through. */
function passed(flow: Flow, place: Place, phase: PhaseOf<'judging'>, now: number): Flow {
  const { program, progress } = flow.state
  const holdForMs = progress.passed.has(place.key) ? 0 : gateOf(program, place.id).holdForMs
  const passSince = phase.passSince ?? now
  if (now - passSince >= holdForMs) return choose(record(flow, { kind: 'passed', place: place.key }), now)
  return rest(flow, place, { since: phase.since, passSince }, `still soaking`, now)
}

function held(flow: Flow, place: Place, { since }: PhaseOf<'judging'>, why: string, now: number): Flow {
  return rest(flow, place, { since, passSince: null }, why, now)
}

function rest(
  flow: Flow,
  place: Place,
  { since, passSince }: { since: number; passSince: number | null },
  why: string,
  now: number,
): Flow {
  const { program, pause } = flow.state
  const gate = gateOf(program, place.id)
  if (pause !== null) return end(flow, 3, pause)
  if (now - since >= gate.timeoutMs) return end(flow, 3, `gate ${gate.id} HOLD: ${why}`)
  const soakEnd = passSince === null ? Infinity : passSince + gate.holdForMs
  const at = Math.min(now + gate.everyMs, since + gate.timeoutMs, soakEnd)
  return enter(flow, { kind: 'waiting', place: place.key, since, passSince }, { kind: 'wake', at })
}

/** In a rehearsal a gate is looked at once; its verdict counts as long as no step before it was only logged. */
function rehearsed(flow: Flow, place: Place, { verdict, why }: Judgement, now: number): Flow {
  const isBinding = ![...flow.state.progress.marks.values()].some(({ isRehearsed }) => isRehearsed)
  if (verdict !== 'PASS' && isBinding)
    return end(flow, verdict === 'FAIL' ? 1 : 3, `gate ${place.id} ${verdict}: ${why}`)
  return choose(record(flow, { kind: 'passed', place: place.key }), now)
}

function watchEnded(state: RunState, phase: PhaseOf<'watching'>, result: CommandResult, now: number): Flow {
  const { approval, since, left, holds } = phase
  const [id = '', next, ...others] = left
  if (result.outcome === 'killed') return end(stay(state), 3, `gate ${id} was killed on demand`)
  const judged = judgeGate(gateOf(state.program, id), result)
  const flow = noteVerdict(stay(state), `watch:${approval}:${id}`, id, judged)
  const { onFail, rollbackTo } = gateOf(state.program, id)
  if (judged.verdict === 'FAIL') {
    const why = `gate ${id} FAIL while ${approval} was awaited: ${judged.why}`
    return fail(flow, { onFail: onFail ?? 'stop', rollbackTo, why }, now)
  }
  const holding = judged.verdict === 'HOLD' ? [...holds, id] : holds
  if (next !== undefined) return watch(flow, approval, since, [next, ...others], holding)
  return settle(flow, approval, now, since, holding)
}
