import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  block,
  bookIn,
  effectsIn,
  effectStep,
  gate,
  temporaryFolder,
} from '../../../test/support/runbooks.ts'
import {
  approve,
  createControls,
  decide,
  next,
  pause,
  plan,
  rollback,
  run,
  runStep,
  status,
  type Book,
  type RunOptions,
  type RunResult,
} from './index.ts'
import type { PhaseKind } from './machine-state.ts'

const person = { by: 'ann', reason: 'test' }
const execute: RunOptions = { isExecuted: true, graceMs: 200 }
const bookOf = (text: string, folder = temporaryFolder()): Book => bookIn(folder, text)

function endOf(result: RunResult): [number, string] {
  if (result.kind !== 'ended') assert.fail(JSON.stringify(result))
  return [result.code, result.why]
}
function whyOf(result: { readonly kind: string }): string {
  assert.ok(
    result.kind === 'refused' && 'why' in result && typeof result.why === 'string',
    JSON.stringify(result),
  )
  return result.why
}
const entriesOf = (book: Book) =>
  readFileSync(join(book.journal, 'journal.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { entry: { kind: string } & Record<string, unknown> }).entry)

test('a rehearsal runs gates and what may run, logs the rest, and leaves no trace', async () => {
  const book = bookOf(
    gate('pre', 'echo "$BATON_RUNBOOK_REHEARSAL" > rehearsing') +
      effectStep('one') +
      block({ name: 'safe', baton: 'step', idempotent: true, rehearse: 'run' }, 'echo safe >> effects'),
  )
  assert.deepEqual(endOf(await run(book, { isExecuted: false })), [0, 'rehearsed: nothing was changed'])
  assert.deepEqual([effectsIn(book.folder), effectsIn(book.folder, 'rehearsing')], [['safe'], ['1']])
  assert.equal(existsSync(join(book.journal, 'journal.jsonl')), false)
})

test('a rehearsal begins where the journal ends, and does not move it', async () => {
  const book = bookOf(effectStep('one') + effectStep('two'))
  await run(book, { ...execute, to: 'one' })
  const before = readFileSync(join(book.journal, 'journal.jsonl'))
  const logged: string[] = []
  await run(book, {
    isExecuted: false,
    notice: (notice) =>
      notice.kind === 'entry' && notice.entry.kind === 'started' && logged.push(notice.entry.step),
  })
  assert.deepEqual([logged, effectsIn(book.folder)], [['two'], ['one']])
  assert.deepEqual(readFileSync(join(book.journal, 'journal.jsonl')), before)
})

test('a failing step stops the run; tried again after its check has said no', async () => {
  const book = bookOf(
    effectStep('one') +
      effectStep('two').replace('echo two >>', 'test -e mended\necho two >>') +
      effectStep('three'),
  )
  assert.deepEqual(endOf(await run(book, execute)), [1, 'step two failed: exit 1, not 0'])
  writeFileSync(join(book.folder, 'mended'), '')
  assert.deepEqual(endOf(await run(book, execute)), [0, 'complete'])
  assert.deepEqual(effectsIn(book.folder), ['one', 'two', 'three'])
})

test('a step that fails after it took effect is done, says its check, and not repeated', async () => {
  const book = bookOf(
    effectStep('one', {}).replace('echo one >> effects\n', 'echo one >> effects\ntest -e mended\n'),
  )
  assert.equal(endOf(await run(book, execute))[0], 1)
  assert.deepEqual(endOf(await run(book, execute)), [0, 'complete'])
  assert.deepEqual(effectsIn(book.folder), ['one'])
  const found = status(book)
  assert.ok(found.kind === 'status')
  assert.equal(found.stations[0]?.detail, 'by check is-one')
})

test('when the check cannot tell a person decides, with the values the step would have given', async () => {
  const text =
    block(
      { name: 'one', baton: 'step', check: 'c', capture: { EPOCH: '$.epoch' } },
      'echo one >> effects\nexit 9',
    ) +
    block({ name: 'c', baton: 'check' }, 'exit 3') +
    block({ name: 'two', baton: 'step', idempotent: true }, 'echo "two $EPOCH" >> effects')
  const book = bookOf(text)
  assert.equal(endOf(await run(book, execute))[0], 1)
  assert.match(
    endOf(await run(book, execute)).join(' '),
    /^3 nobody knows whether step one took effect: .*decide/,
  )
  assert.match(whyOf(await runStep(book, 'two', execute)), /nobody knows the fate of one/)
  assert.match(whyOf(await decide(book, 'one', true, person)), /captures EPOCH.*--set EPOCH=VALUE/)
  assert.match(whyOf(await decide(book, 'two', true, person)), /there is nothing to decide/)
  assert.equal((await decide(book, 'one', true, person, { EPOCH: '41' })).kind, 'noted')
  assert.deepEqual(endOf(await run(book, execute)), [0, 'complete'])
  assert.deepEqual(effectsIn(book.folder), ['one', 'two 41'])
})

test('a run of a plan is refused when the document, a block or the state changed, saying which', async () => {
  const text = block({ name: 'mode', baton: 'state' }, 'cat mode') + effectStep('one')
  const book = bookOf(text)
  assert.match(whyOf(await plan(book)), /cannot see the state mode \(line 1\): exit 1/)
  writeFileSync(join(book.folder, 'mode'), 'OFF')
  const planned = await plan(book)
  assert.ok(planned.kind === 'planned')
  assert.deepEqual(
    planned.plan.order.map(({ id }) => id),
    ['one'],
  )
  const options = { ...execute, plan: planned.plan }
  writeFileSync(join(book.folder, 'mode'), 'ON')
  assert.deepEqual(await run(book, options), { kind: 'stale', changed: ['the system state mode changed'] })
  writeFileSync(join(book.folder, 'mode'), 'OFF')
  const edited = { ...book, text: text.replace('echo one', 'echo ONE') }
  assert.deepEqual(await run(edited, options), {
    kind: 'stale',
    changed: ['the document changed', 'block one changed'],
  })
  const other = { ...options, plan: { ...planned.plan, tool: 'baton 0.0.0' } }
  const stale = await run(book, other)
  assert.ok(stale.kind === 'stale')
  assert.match(stale.changed.join(), /^the tool is .*, the plan was made by baton 0\.0\.0$/)
  assert.deepEqual(effectsIn(book.folder), [])
  assert.deepEqual(endOf(await run(book, options)), [0, 'complete'])
  writeFileSync(join(book.folder, 'mode'), 'changed by the run')
  assert.deepEqual(endOf(await run(book, options)), [0, 'complete'])
  assert.match(whyOf(await run(book, other)), /begun without this plan/)
})

test('an edited document is refused, unless somebody answers for it and nothing done was changed', async () => {
  const text = effectStep('one') + effectStep('two')
  const book = bookOf(text)
  await run(book, { ...execute, to: 'one' })
  const ahead = { ...book, text: text.replace('echo two', 'echo TWO') }
  assert.match(whyOf(await run(ahead, execute)), /was edited after the run began: two: accept it/)
  assert.match(whyOf(await run({ ...book, text: `${text}prose\n` }, execute)), /no block, only prose/)
  const behind = { ...book, text: text.replace('echo one >>', 'echo ONE >>') }
  assert.match(
    whyOf(await run(behind, { ...execute, acceptEdit: person })),
    /changes what was done already: one/,
  )
  assert.deepEqual(endOf(await run(ahead, { ...execute, acceptEdit: person })), [0, 'complete'])
  assert.deepEqual(effectsIn(book.folder), ['one', 'TWO'])
  const accepted = entriesOf(book).find(({ kind }) => kind === 'edit-accepted')
  assert.deepEqual([accepted?.['by'], accepted?.['reason'], accepted?.['changed']], ['ann', 'test', ['two']])
  assert.match(whyOf(await run(book, execute)), /was edited/)
})

test('an approval needs two people, and counts for its text alone', async () => {
  const text =
    block({ name: 'ok', baton: 'approval', approvers: 2, timeout: '0s' }, 'Half of the traffic.') +
    effectStep('one')
  const book = bookOf(text)
  assert.deepEqual(endOf(await run(book, execute)), [3, 'approval ok waits for 2 people'])
  assert.equal((await approve(book, 'ok', person)).kind, 'noted')
  assert.deepEqual(endOf(await run(book, { ...execute, approve: { id: 'ok', person } })), [
    3,
    'approval ok waits for 1 person',
  ])
  assert.match(whyOf(await approve(book, 'one', person)), /no approval has this name: one/)
  const edited = { ...book, text: text.replace('Half', 'All') }
  const bob = { by: 'bob', reason: 'test' }
  const all = await run(edited, { ...execute, acceptEdit: person, approve: { id: 'ok', person: bob } })
  assert.deepEqual(endOf(all), [3, 'approval ok waits for 1 person'])
  assert.deepEqual(effectsIn(book.folder), [])
  assert.deepEqual(endOf(await run(edited, { ...execute, approve: { id: 'ok', person } })), [0, 'complete'])
})

test('a gate that FAILs during a soak takes the steps back', async () => {
  const book = bookOf(
    effectStep('one') +
      effectStep('two', { after: 'soak', on_fail: 'rollback' }) +
      gate('soak', 'echo x >> samples\ntest "$(wc -l < samples)" -lt 3 || exit 1', { hold_for: '10s' }),
  )
  const [code, why] = endOf(await run(book, execute))
  assert.deepEqual([code, effectsIn(book.folder)], [1, ['one', 'two', 'un-two', 'un-one']])
  assert.match(why, /gate soak FAIL: exit 1: rolled back: two, one/)
  assert.deepEqual(endOf(await run(book, { ...execute, to: 'one' })), [0, 'complete up to one'])
})

test('a rollback down to a step; what has none stays; what was never begun stays out', async () => {
  const fixed = block({ name: 'fixed', baton: 'step', idempotent: true }, 'echo fixed >> effects')
  const book = bookOf(
    effectStep('one') + effectStep('two') + fixed + effectStep('three') + effectStep('four'),
  )
  await run(book, { ...execute, to: 'three' })
  assert.match(whyOf(await rollback(book, { ...execute, to: 'nothing' })), /--to names no step/)
  assert.deepEqual(endOf(await rollback(book, { isExecuted: false, to: 'two' })), [
    0,
    'rehearsed: would be taken back: three, two',
  ])
  assert.deepEqual(endOf(await rollback(book, { ...execute, to: 'two' })), [0, 'rolled back: three, two'])
  assert.deepEqual(effectsIn(book.folder), ['one', 'two', 'fixed', 'three', 'un-three', 'un-two'])
  await rollback(book, execute)
  assert.match(whyOf(await rollback(book, execute)), /nothing to take back/)
})

test('a rollback that fails is tried again from where it was', async () => {
  const book = bookOf(effectStep('one').replace('echo un-one', 'test -e mended\necho un-one'))
  await run(book, execute)
  assert.match(endOf(await rollback(book, execute)).join(' '), /^1 rollback of one failed: exit 1/)
  const [refused] = (next(book) as Extract<ReturnType<typeof next>, { kind: 'next' }>).refused
  assert.match(refused?.why ?? '', /a rollback is under way/)
  writeFileSync(join(book.folder, 'mended'), '')
  assert.deepEqual(endOf(await run(book, execute)), [0, 'rolled back: one'])
  assert.deepEqual(effectsIn(book.folder), ['one', 'un-one'])
})

test('next says what may be done, and of the rest why not and what lifts it', async () => {
  const book = bookOf(
    effectStep('one') + block({ name: 'ok', baton: 'approval' }, 'Yes.') + effectStep('two'),
  )
  const found = next(book)
  assert.ok(found.kind === 'next')
  assert.deepEqual(found.may, [{ id: 'one', action: 'run', what: 'run the step' }])
  assert.deepEqual(found.refused, [
    { id: 'ok', why: 'it needs one', lift: 'complete one' },
    { id: 'two', why: 'it needs ok', lift: 'complete ok' },
  ])
  assert.match(whyOf(await runStep(book, 'two', execute)), /two may not be run now: it needs ok/)
  assert.match(whyOf(await runStep(book, 'ghost', execute)), /has this name/)
  assert.deepEqual(endOf(await runStep(book, 'one', execute)), [0, 'one is complete'])
  assert.match(whyOf(await runStep(book, 'one', execute)), /it is complete: rollback/)
})

/** Runs until a phase comes, then sends these one after the other. */
async function interruptedIn(
  book: Book,
  kind: PhaseKind,
  events: readonly ('pause' | 'kill')[],
): Promise<RunResult> {
  const controls = createControls()
  let isSent = false
  return run(book, {
    ...execute,
    controls,
    notice: (notice) => {
      if (isSent || notice.kind !== 'state' || notice.state.phase.kind !== kind) return
      isSent = true
      for (const event of events)
        controls.send(event === 'pause' ? { kind: 'pause', why: 'paused by test' } : { kind: 'kill' })
    },
  })
}
const slow = 'sleep 0.3'
const hang = 'echo started >> effects\nsleep 600'

test('an interrupt in each phase ends in order with 3, after the running command; resumed, all is done once', async () => {
  const failed = effectStep('one').replace('echo one >>', 'test -e mended\necho one >>')
  const phases: readonly (readonly [PhaseKind, string])[] = [
    ['stepping', effectStep('one', {}, slow)],
    ['judging', gate('g', slow) + effectStep('one')],
    ['waiting', gate('g', 'test -e mended || exit 3') + effectStep('one')],
    [
      'watching',
      gate('g', 'true') + block({ name: 'ok', baton: 'approval', timeout: '0s' }, 'Yes.') + effectStep('one'),
    ],
    ['awaiting', block({ name: 'ok', baton: 'approval' }, 'Yes.') + effectStep('one')],
    ['checking', failed],
    [
      'undoing',
      `${effectStep('one')}${effectStep('two', { on_fail: 'rollback' }).replace('echo two >>', 'test -e mended\necho two >>')}`,
    ],
  ]
  for (const [phase, text] of phases) {
    const book = bookOf(text)
    if (phase === 'checking') await run(book, execute)
    assert.deepEqual(endOf(await interruptedIn(book, phase, ['pause'])), [3, 'paused by test'], phase)
    writeFileSync(join(book.folder, 'mended'), '')
    if (phase === 'undoing') assert.equal(endOf(await run(book, execute))[0], 1)
    await approve(book, 'ok', person)
    assert.deepEqual(endOf(await run(book, execute)), [0, 'complete'], phase)
    const effects = effectsIn(book.folder)
    assert.equal(
      effects.filter((line) => line === 'one').length - effects.filter((line) => line === 'un-one').length,
      1,
      phase,
    )
  }
})

test('a second interrupt kills the running command', async () => {
  const book = bookOf(
    block({ name: 'one', baton: 'step', check: 'c', timeout: '1h' }, hang) +
      block({ name: 'c', baton: 'check' }, 'exit 3'),
  )
  assert.deepEqual(endOf(await interruptedIn(book, 'stepping', ['pause', 'kill'])), [
    3,
    'step one was killed on demand',
  ])
  const soaking = bookOf(gate('g', 'sleep 600', { timeout: '1h' }))
  assert.equal(endOf(await interruptedIn(soaking, 'judging', ['pause', 'kill']))[0], 3)
})

test('two runners: the second is refused; a pause and an approval reach the first', async () => {
  const text =
    gate('g', 'true') +
    block({ name: 'ok', baton: 'approval', timeout: '1h' }, 'Yes.') +
    effectStep('one') +
    gate('h', 'exit 3', { timeout: '1h' })
  const book = bookOf(text)
  assert.match(whyOf(pause(book, 'nobody there')), /there is nothing to pause/)
  const seen: PhaseKind[] = []
  const first = run(book, {
    ...execute,
    notice: (notice) => notice.kind === 'state' && seen.push(notice.state.phase.kind),
  })
  const until = async (kind: PhaseKind): Promise<void> => {
    for (let tries = 0; seen.at(-1) !== kind; tries++) {
      assert.ok(tries < 1000, `${kind} never came: ${seen.join()}`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  await until('awaiting')
  const second = await run(book, execute)
  assert.equal(second.kind, 'busy')
  assert.equal((await rollback(book, execute)).kind, 'busy')
  const running = status(book)
  assert.ok(running.kind === 'status' && running.is_running)
  assert.deepEqual(await approve(book, 'ok', person), { kind: 'noted', by: 'runner' })
  await until('waiting')
  assert.deepEqual(effectsIn(book.folder), ['one'])
  assert.deepEqual(pause(book, 'lunch'), { kind: 'noted', by: 'runner' })
  assert.deepEqual(endOf(await first), [3, 'lunch'])
  assert.deepEqual(readdirSync(join(book.journal, 'inbox')), [])
})

test('a journal that takes no more: nothing further is started, and it says so', async () => {
  const spoil = 'rm "$J/head.json"\nmkdir -p "$J/head.json/x"'
  const book = bookOf(effectStep('one', {}, spoil) + effectStep('two'))
  const spoiled = { ...book, environment: { ...book.environment, J: book.journal } }
  assert.match(whyOf(await run(spoiled, execute)), /cannot record "ended" in .*: nothing further is started/)
  assert.deepEqual(effectsIn(book.folder), ['one'])
})

test('a command that outlived its runner is waited for, then the run is refused', async (t) => {
  const book = bookOf(effectStep('one'))
  await run(book, { ...execute, to: 'one' })
  const other = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' })
  t.after(() => other.kill('SIGKILL'))
  const boot = '/proc/sys/kernel/random/boot_id'
  const bootId = existsSync(boot) ? readFileSync(boot, 'utf8').trim() : ''
  writeFileSync(join(book.journal, 'running.json'), JSON.stringify({ group: other.pid, boot: bootId }))
  assert.match(whyOf(await run(book, execute)), new RegExp(`still runs: process group ${other.pid}`))
  writeFileSync(
    join(book.journal, 'running.json'),
    JSON.stringify({ group: other.pid, boot: 'another start of the machine' }),
  )
  assert.equal(endOf(await run(book, execute))[0], 0)
})
