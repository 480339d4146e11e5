import type { Runnable } from '../program/block.ts'
import type { Entry } from './entry.ts'
import type { Effect, ExitCode, Phase, RunState, Transition } from './machine-state.ts'
import { advance } from './progress.ts'

/** A transition under construction: every function takes one and gives the longer one. */
export type Flow = Transition

export function stay(state: RunState): Flow {
  return { state, effects: [] }
}

export function record(flow: Flow, entry: Entry): Flow {
  return {
    state: { ...flow.state, progress: advance(flow.state.progress, entry) },
    effects: [...flow.effects, { kind: 'record', entry }],
  }
}

export function enter(flow: Flow, phase: Phase, ...effects: readonly Effect[]): Flow {
  return { state: { ...flow.state, phase }, effects: [...flow.effects, ...effects] }
}

export function run(block: Runnable, station: string, timeoutMs: number = block.timeoutMs): Effect {
  return { kind: 'run', block, station, timeoutMs }
}

export function end(flow: Flow, code: ExitCode, why: string): Flow {
  return enter(record(flow, { kind: 'stopped', code, why }), { kind: 'ended', code, why })
}
