import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  approval,
  approved,
  block,
  check,
  command,
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
import type { RunEvent } from './machine-state.ts'
import { advance, markOf, noProgress, type Progress } from './progress.ts'

test('a step is started in the journal before it runs, and its end is recorded before the next one starts', () => {
  const program = programOf(stepBlock('a') + stepBlock('b') + check + undo)
  const { effects, state } = play(stateOf(program), [
    [0, { kind: 'go' }],
    [1, ended(0)],
    [2, ended(0)],
  ])
  assert.deepEqual(
    effects.map((effect) => (effect.kind === 'record' ? effect.entry.kind : effect.kind)),
    ['started', 'run', 'ended', 'started', 'run', 'ended', 'stopped'],
  )
  assert.equal(phaseText(state), 'ended 0')
})

test('a soak needs PASS without a break; HOLD begins it anew, the bound ends it', () => {
  const program = programOf(gate('g', { hold_for: '10s' }))
  const tick: RunEvent = { kind: 'tick' }
  const begun: (readonly [number, RunEvent])[] = [
    [0, { kind: 'go' }],
    [0, ended(0)],
  ]
  const through = play(stateOf(program), [
    ...begun,
    [5000, tick],
    [5000, ended(0)],
    [10_000, tick],
    [10_000, ended(0)],
  ])
  assert.equal(phaseText(through.state), 'ended 0')
  const broken = play(stateOf(program), [
    ...begun,
    [5000, tick],
    [5000, ended(3)],
    [10_000, tick],
    [10_000, ended(0)],
  ])
  assert.deepEqual(broken.state.phase, { kind: 'waiting', place: 'gate:g', since: 0, passSince: 10_000 })
  const late = play(broken.state, [
    [60_000, tick],
    [60_000, ended(3)],
  ])
  assert.equal(phaseText(late.state), 'ended 3')
})

test('FAIL during a soak takes everything back, latest first, when the step says so', () => {
  const program = programOf(
    stepBlock('a') +
      stepBlock('b', { after: 'g', on_fail: 'rollback' }) +
      gate('g', { hold_for: '10s' }) +
      check +
      undo,
  )
  const { state, commands, entries } = play(stateOf(program), [
    [0, { kind: 'go' }],
    [1, ended(0)],
    [2, ended(0)],
    [3, ended(0)],
    [5000, { kind: 'tick' }],
    [5001, ended(1, 'broken\n')],
    [5002, ended(0)],
    [5003, ended(0)],
  ])
  assert.deepEqual(commands, ['a', 'b', 'g', 'g', 'r', 'r'])
  assert.deepEqual(
    entries.filter((entry) => entry.kind === 'started').map((entry) => [entry.role, entry.step]),
    [
      ['step', 'a'],
      ['step', 'b'],
      ['rollback', 'b'],
      ['rollback', 'a'],
    ],
  )
  assert.match(
    state.phase.kind === 'ended' ? state.phase.why : '',
    /gate g FAIL: exit 1: broken: rolled back: b, a/,
  )
  assert.equal(phaseText(state), 'ended 1')
})

test('rollback_to ends a rollback early', () => {
  const program = programOf(
    stepBlock('a') +
      stepBlock('b') +
      stepBlock('x', { on_fail: 'rollback', rollback_to: 'b' }) +
      check +
      undo,
  )
  const { entries } = play(stateOf(program), [
    [0, { kind: 'go' }],
    [1, ended(0)],
    [2, ended(0)],
    [3, ended(9)],
  ])
  const began = entries.find((entry) => entry.kind === 'rollback-began')
  assert.deepEqual(began?.kind === 'rollback-began' && began.steps, ['x', 'b'])
})

test('two approvals need two people, and the gate to hold', () => {
  const program = programOf(gate('g') + approval('ok', { approvers: 2 }) + stepBlock('a') + check + undo)
  const note = (by: string): RunEvent => ({ kind: 'noted', entry: approved(program, 'ok', by) })
  const awaiting: (readonly [number, RunEvent])[] = [
    [0, { kind: 'go' }],
    [1, ended(0)],
    [2, ended(0)],
  ]
  const same = play(stateOf(program), [
    ...awaiting,
    [3, note('ann')],
    [4, ended(0)],
    [5, note('ann')],
    [6, ended(0)],
  ])
  assert.equal(phaseText(same.state), 'awaiting')
  const both = play(same.state, [
    [7, note('bob')],
    [8, ended(0)],
  ])
  assert.equal(phaseText(both.state), 'stepping')
  const held = play(same.state, [
    [7, note('bob')],
    [8, ended(3)],
  ])
  assert.deepEqual([phaseText(held.state), held.commands], ['awaiting', ['g']])
  assert.equal(
    phaseText(
      play(held.state, [
        [5000, { kind: 'tick' }],
        [5001, ended(0)],
      ]).state,
    ),
    'stepping',
  )
  const other = play(same.state, [
    [7, { kind: 'noted', entry: { ...approved(program, 'ok', 'bob'), block: 'another text' } }],
    [8, ended(0)],
  ])
  assert.equal(phaseText(other.state), 'awaiting')
})

test('a gate that FAILs while an approval is awaited stops the run, approved or not', () => {
  const program = programOf(gate('g') + approval('ok') + stepBlock('a') + check + undo)
  const { state, commands } = play(stateOf(program), [
    [0, { kind: 'go' }],
    [1, ended(0)],
    [2, ended(0)],
    [3, { kind: 'noted', entry: approved(program, 'ok', 'ann') }],
    [4, ended(1)],
  ])
  assert.deepEqual([phaseText(state), commands], ['ended 1', ['g', 'g', 'g']])
})

test('an approval without time to wait ends with 3 at once', () => {
  const program = programOf(approval('ok', { timeout: '0s' }) + stepBlock('a') + check + undo)
  assert.equal(phaseText(play(stateOf(program), [[0, { kind: 'go' }]]).state), 'ended 3')
})

test('rollback_needs: the step does not run unless its rollback could', () => {
  const program = programOf(stepBlock('a', { rollback_needs: 'g' }) + gate('g') + check + undo)
  const { commands, state } = play(stateOf(program), [
    [0, { kind: 'go' }],
    [1, ended(1)],
  ])
  assert.deepEqual([commands, phaseText(state)], [['g'], 'ended 1'])
})

test('another process looks afresh at the gates the next step needs, without soaking again', () => {
  const program = programOf(
    gate('old') +
      stepBlock('a') +
      gate('g', { hold_for: '30s' }) +
      approval('ok', { watch: [] }) +
      stepBlock('b') +
      check +
      undo,
  )
  const entries: Entry[] = [
    { kind: 'passed', place: 'gate:old' },
    { kind: 'decided', step: 'a', is_done: true, by: 'test', reason: '', captured: {} },
    { kind: 'passed', place: 'gate:g' },
    approved(program, 'ok', 'ann'),
    { kind: 'resumed', tool: '', plan: null },
  ]
  const progress = entries.reduce<Progress>((known, entry) => advance(known, entry), noProgress)
  const { commands, state } = play(stateOf(program, progress), [
    [0, { kind: 'go' }],
    [1, ended(0)],
  ])
  assert.deepEqual([commands, phaseText(state)], [['g', 'b'], 'stepping'])
})

test('a step that captures goes on after its check only with the values', () => {
  const program = programOf(stepBlock('a', { capture: { EPOCH: '$.epoch' } }) + check + undo)
  const progress = advance(noProgress, { kind: 'started', step: 'a', role: 'step', attempt: 1, block: '' })
  const go = [0, { kind: 'go' }] as const
  assert.equal(phaseText(play(stateOf(program, progress), [go, [1, ended(0, 'yes')]]).state), 'ended 3')
  const told = play(stateOf(program, progress), [go, [1, ended(0, '{"epoch": 7}')]])
  assert.deepEqual(
    [phaseText(told.state), markOf(told.state.progress, 'a').captured],
    ['ended 0', { EPOCH: '7' }],
  )
})

test('expectations: exit codes, values in JSON', () => {
  const program = programOf(stepBlock('a', { expect: '0,4', expect_json: { '$.mode': 'ON' } }) + check + undo)
  const end = (code: number, text: string) =>
    phaseText(
      play(stateOf(program), [
        [0, { kind: 'go' }],
        [1, ended(code, text)],
      ]).state,
    )
  assert.deepEqual(
    [end(4, '{"mode":"ON"}'), end(0, '{"mode":"OFF"}'), end(1, '{"mode":"ON"}'), end(0, 'ON')],
    ['ended 0', 'ended 1', 'ended 1', 'ended 1'],
  )
})

test('in a rehearsal a gate counts as long as nothing before it was only logged', () => {
  const program = programOf(gate('g') + stepBlock('a') + gate('h') + check + undo)
  const rehearsal = { ...stateOf(program), isRehearsal: true }
  const logged: RunEvent = { kind: 'command-ended', result: result({ outcome: 'rehearsed', code: null }) }
  const go = [0, { kind: 'go' }] as const
  assert.equal(phaseText(play(rehearsal, [go, [1, ended(1)]]).state), 'ended 1')
  assert.equal(phaseText(play(rehearsal, [go, [1, ended(3)]]).state), 'ended 3')
  assert.equal(phaseText(play(rehearsal, [go, [1, ended(0)], [2, logged], [3, ended(1)]]).state), 'ended 0')
})

test('a rollback that is once takes back the steps in a row that name it; another one ends the row', () => {
  const once = block({ name: 'r', baton: 'rollback', once: true, ...command })
  const other = block({ name: 's', baton: 'rollback', ...command })
  const undone = (rollbackOfB: string) => {
    const steps = stepBlock('a') + stepBlock('b', { rollback: rollbackOfB }) + stepBlock('x') + stepBlock('y')
    const program = programOf(steps + gate('g', { on_fail: 'rollback' }) + check + once + other)
    const well = [0, ended(0)] as const
    const { commands, state } = play(stateOf(program), [
      [0, { kind: 'go' }],
      well,
      well,
      well,
      well,
      [0, ended(1)],
      well,
      well,
      well,
      well,
    ])
    assert.deepEqual(
      ['a', 'b', 'x', 'y'].map((id) => markOf(state.progress, id).status),
      ['undone', 'undone', 'undone', 'undone'],
    )
    assert.equal(phaseText(state), 'ended 1')
    return commands.slice(5)
  }
  assert.deepEqual(undone('r'), ['r'])
  assert.deepEqual(undone('s'), ['r', 's', 'r'])
})

test('a check that expects values: others are a no, no JSON is no answer', () => {
  const expecting = block({ name: 'c', baton: 'check', expect_json: { '$.mode': 'ON' }, ...command })
  const program = programOf(stepBlock('a') + expecting + undo)
  const started: Entry = { kind: 'started', step: 'a', role: 'step', attempt: 1, block: '' }
  const asked = (text: string) =>
    play(stateOf(program, advance(noProgress, started)), [
      [0, { kind: 'go' }],
      [1, ended(0, text)],
    ])
  assert.equal(markOf(asked('{"mode":"ON"}').state.progress, 'a').status, 'done')
  assert.deepEqual(asked('{"mode":"OFF"}').commands, ['c', 'a'])
  assert.equal(phaseText(asked('cannot say').state), 'ended 3')
})
