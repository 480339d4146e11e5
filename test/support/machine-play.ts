// The runner's state machine without a runner: small programs, results of commands, and events played at their times.
import assert from 'node:assert/strict'
import { parseProgram, type Program } from '../../src/runbook/program/program.ts'
import type { Entry } from '../../src/runbook/run/entry.ts'
import type { CommandResult, Effect, Phase, RunEvent, RunState } from '../../src/runbook/run/machine-state.ts'
import { step } from '../../src/runbook/run/machine.ts'
import { noProgress, type Progress } from '../../src/runbook/run/progress.ts'

export const block = (attributes: object, text = 'true') =>
  `\`\`\`sh ${JSON.stringify(attributes)}\n${text}\n\`\`\`\n\n`
export const command = { timeout: '10s' }
export const check = block({ name: 'c', baton: 'check', ...command })
export const undo = block({ name: 'r', baton: 'rollback', ...command })
export const gate = (name: string, more = {}) =>
  block({ name, baton: 'gate', timeout: '1m', every: '5s', ...more })
export const stepBlock = (name: string, more = {}) =>
  block({ name, baton: 'step', check: 'c', rollback: 'r', ...command, ...more })
export const approval = (name: string, more = {}) =>
  block({ name, baton: 'approval', timeout: '1m', ...more })

export function programOf(text: string): Program {
  const parsed = parseProgram(text, 'test')
  if (parsed.kind !== 'program') assert.fail(JSON.stringify(parsed.problems))
  return parsed.program
}

export function result(change: Partial<CommandResult> = {}): CommandResult {
  const nothing = { sha256: '', bytes: 0 }
  const none = {
    signal: null,
    durationMs: 1,
    stdout: nothing,
    stderr: nothing,
    text: '',
    isCut: false,
    problem: null,
  }
  return { outcome: 'exited', code: 0, ...none, ...change }
}
export const ended = (code: number, text = ''): RunEvent => ({
  kind: 'command-ended',
  result: result({ code, text }),
})
export const approved = (program: Program, id: string, by: string): Extract<Entry, { kind: 'approved' }> => ({
  kind: 'approved',
  id,
  by,
  reason: 'because',
  block: program.blocks.get(id)?.digest ?? '',
})

export function stateOf(
  program: Program,
  progress: Progress = noProgress,
  phase: Phase = { kind: 'ready' },
): RunState {
  return { program, progress, scope: { to: null, only: null }, isRehearsal: false, phase, pause: null }
}

/** Plays events at their times; gives the last state and all effects. */
export function play(start: RunState, events: readonly (readonly [number, RunEvent])[]) {
  let state = start
  const effects: Effect[] = []
  for (const [now, event] of events) {
    const transition = step(state, event, now)
    state = transition.state
    effects.push(...transition.effects)
  }
  const entries = effects.flatMap((effect) => (effect.kind === 'record' ? [effect.entry] : []))
  const commands = effects.flatMap((effect) => (effect.kind === 'run' ? [effect.block.id] : []))
  return { state, entries, commands, effects }
}
export const phaseText = ({ phase }: RunState) =>
  phase.kind === 'ended' ? `ended ${phase.code}` : phase.kind
