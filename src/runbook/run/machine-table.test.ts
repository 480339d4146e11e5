import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  approval,
  approved,
  check,
  ended,
  gate,
  phaseText,
  play,
  programOf,
  result,
  stateOf,
  stepBlock,
  undo,
} from '../../../test/support/machine-play.ts'
import type { Entry } from './entry.ts'
import type { PhaseKind, RunEvent, RunState } from './machine-state.ts'
import { step } from './machine.ts'
import { advance, noProgress, type Progress } from './progress.ts'

describe('every event in every phase', () => {
  const program = programOf(
    stepBlock('a', { on_fail: 'rollback' }) + gate('g') + approval('ok') + stepBlock('b') + check + undo,
  )
  const marks = (...entries: Entry[]) =>
    entries.reduce<Progress>((progress, entry) => advance(progress, entry), noProgress)
  const started: Entry = { kind: 'started', step: 'a', role: 'step', attempt: 1, block: '' }
  const done: Entry = { kind: 'decided', step: 'a', is_done: true, by: 'test', reason: '', captured: {} }
  const back: Entry = { kind: 'rollback-began', because: 'why', is_automatic: true, steps: ['a'], voids: [] }
  const undoing: Entry = { kind: 'started', step: 'a', role: 'rollback', attempt: 1, block: '' }
  const passed: Entry = { kind: 'passed', place: 'gate:g' }
  const states: Record<PhaseKind, RunState> = {
    ready: stateOf(program),
    stepping: stateOf(program, marks(started), { kind: 'stepping', step: 'a', attempt: 1 }),
    checking: stateOf(program, marks(started), { kind: 'checking', step: 'a' }),
    judging: stateOf(program, marks(done), { kind: 'judging', place: 'gate:g', since: 0, passSince: null }),
    waiting: stateOf(program, marks(done), { kind: 'waiting', place: 'gate:g', since: 0, passSince: null }),
    watching: stateOf(program, marks(done, passed), {
      kind: 'watching',
      approval: 'ok',
      since: 0,
      left: ['g'],
      holds: [],
    }),
    awaiting: stateOf(program, marks(done, passed), {
      kind: 'awaiting',
      approval: 'ok',
      since: 0,
      holds: [],
    }),
    undoing: stateOf(program, marks(done, back, undoing), { kind: 'undoing', step: 'a', attempt: 1 }),
    ended: stateOf(program, marks(done), { kind: 'ended', code: 0, why: 'complete' }),
  }
  const events = {
    go: { kind: 'go' },
    'exit 0': ended(0),
    'exit 1': ended(1),
    'exit 3': ended(3),
    'exit 7': ended(7),
    timeout: { kind: 'command-ended', result: result({ outcome: 'timeout', code: null }) },
    killed: { kind: 'command-ended', result: result({ outcome: 'killed', code: null }) },
    tick: { kind: 'tick' },
    approval: { kind: 'noted', entry: approved(program, 'ok', 'ann') },
    pause: { kind: 'pause', why: 'paused' },
    kill: { kind: 'kill' },
  } as const satisfies Record<string, RunEvent>
  type EventName = keyof typeof events
  const same = (phase: string): Record<EventName, string> =>
    Object.fromEntries(Object.keys(events).map((name) => [name, phase])) as Record<EventName, string>
  const table: Record<PhaseKind, Record<EventName, string>> = {
    ready: { ...same('ready'), go: 'stepping', pause: 'ended 3', kill: 'ended 3' },
    stepping: {
      ...same('stepping'),
      'exit 0': 'judging',
      'exit 1': 'checking',
      'exit 3': 'checking',
      'exit 7': 'checking',
      timeout: 'checking',
      killed: 'ended 3',
    },
    checking: {
      ...same('checking'),
      'exit 0': 'judging',
      'exit 1': 'stepping',
      'exit 3': 'ended 3',
      'exit 7': 'ended 3',
      timeout: 'ended 3',
      killed: 'ended 3',
    },
    judging: {
      ...same('judging'),
      'exit 0': 'watching',
      'exit 1': 'ended 1',
      'exit 3': 'waiting',
      'exit 7': 'waiting',
      timeout: 'waiting',
      killed: 'ended 3',
    },
    waiting: { ...same('waiting'), tick: 'judging', pause: 'ended 3', kill: 'ended 3' },
    watching: {
      ...same('watching'),
      'exit 0': 'awaiting',
      'exit 1': 'ended 1',
      'exit 3': 'awaiting',
      'exit 7': 'awaiting',
      timeout: 'awaiting',
      killed: 'ended 3',
    },
    awaiting: {
      ...same('awaiting'),
      tick: 'watching',
      approval: 'watching',
      pause: 'ended 3',
      kill: 'ended 3',
    },
    undoing: {
      ...same('undoing'),
      'exit 0': 'ended 1',
      'exit 1': 'ended 1',
      'exit 3': 'ended 1',
      'exit 7': 'ended 1',
      timeout: 'ended 1',
      killed: 'ended 3',
    },
    ended: same('ended 0'),
  }
  for (const [phase, row] of Object.entries(table) as [PhaseKind, Record<EventName, string>][])
    for (const [name, expected] of Object.entries(row) as [EventName, string][])
      test(`${phase}, ${name}: ${expected}`, () => {
        const before = states[phase]
        const { state, effects } = step(before, events[name], 1000)
        assert.equal(phaseText(state), expected)
        const runs = effects.filter(({ kind }) => kind === 'run').length
        assert.ok(runs <= 1, 'never two commands at once')
        const order = effects.map(({ kind }) => kind)
        assert.ok(
          !order.includes('run') || order.lastIndexOf('record') < order.indexOf('run'),
          'what is known is recorded before anything runs',
        )
        if (before.phase.kind === 'ended') assert.deepEqual(effects, [])
        if (state.phase.kind === 'ended' && phase !== 'ended')
          assert.deepEqual(effects.at(-1)?.kind === 'record' && effects.at(-1), {
            kind: 'record',
            entry: { kind: 'stopped', code: state.phase.code, why: state.phase.why },
          })
      })
  test('a pause while a command runs takes effect when it has ended, also well', () => {
    for (const phase of ['stepping', 'judging', 'watching', 'checking'] as const)
      assert.equal(
        phaseText(
          play(states[phase], [
            [0, events.pause],
            [1, ended(0)],
          ]).state,
        ),
        'ended 3',
        phase,
      )
  })
  test('a kill ends the running command', () => {
    for (const phase of ['stepping', 'judging', 'watching', 'checking', 'undoing'] as const)
      assert.deepEqual(step(states[phase], events.kill, 0).effects, [{ kind: 'kill' }], phase)
  })
})
