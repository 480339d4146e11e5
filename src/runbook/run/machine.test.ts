import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseProgram, type Program } from '../program/program.ts'
import type { Entry } from './entry.ts'
import type { CommandResult, Effect, Phase, PhaseKind, RunEvent, RunState } from './machine-state.ts'
import { step } from './machine.ts'
import { advance, markOf, noProgress, type Progress } from './progress.ts'

const block = (attributes: object, text = 'true') =>
  `\`\`\`sh ${JSON.stringify(attributes)}\n${text}\n\`\`\`\n\n`
const command = { timeout: '10s' }
const check = block({ name: 'c', baton: 'check', ...command })
const undo = block({ name: 'r', baton: 'rollback', ...command })
const gate = (name: string, more = {}) => block({ name, baton: 'gate', timeout: '1m', every: '5s', ...more })
const stepBlock = (name: string, more = {}) =>
  block({ name, baton: 'step', check: 'c', rollback: 'r', ...command, ...more })
const approval = (name: string, more = {}) => block({ name, baton: 'approval', timeout: '1m', ...more })

function programOf(text: string): Program {
  const parsed = parseProgram(text, 'test')
  if (parsed.kind !== 'program') assert.fail(JSON.stringify(parsed.problems))
  return parsed.program
}

function result(change: Partial<CommandResult> = {}): CommandResult {
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
const ended = (code: number, text = ''): RunEvent => ({
  kind: 'command-ended',
  result: result({ code, text }),
})
const approved = (program: Program, id: string, by: string): Extract<Entry, { kind: 'approved' }> => ({
  kind: 'approved',
  id,
  by,
  reason: 'because',
  block: program.blocks.get(id)?.digest ?? '',
})

function stateOf(
  program: Program,
  progress: Progress = noProgress,
  phase: Phase = { kind: 'ready' },
): RunState {
  return { program, progress, scope: { to: null, only: null }, isRehearsal: false, phase, pause: null }
}

/** Plays events at their times; gives the last state and all effects. */
function play(start: RunState, events: readonly (readonly [number, RunEvent])[]) {
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
const phaseText = ({ phase }: RunState) => (phase.kind === 'ended' ? `ended ${phase.code}` : phase.kind)

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
