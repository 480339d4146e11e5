// kill -9 of a runner wherever it may be: afterwards, resumed, each effect is there exactly once.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { run, status, type Book } from '../../src/runbook/run/index.ts'
import { block, bookIn, effectsIn, effectStep, gate, temporaryFolder } from '../support/runbooks.ts'

const program = join(import.meta.dirname, '..', 'support', 'killed-runner.ts')

interface Ended {
  readonly code: number | null
  readonly signal: string | null
  readonly output: string
}

/** Runs a runner as a process until it ends, is killed at its n-th notice, or after some milliseconds. */
async function runner(
  book: Book,
  {
    killAt = 0,
    way = 'forward',
    approval,
    killAfterMs,
  }: { killAt?: number; way?: string; approval?: string; killAfterMs?: number },
): Promise<Ended> {
  const argv = [JSON.stringify(book), String(killAt), way, ...(approval === undefined ? [] : [approval])]
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, ...argv], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs ?? 60_000)
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  clearTimeout(timer)
  return { code, signal, output }
}

/** One check a point, a few at a time: a point mostly waits for the disk. */
async function atEveryPoint(count: number, check: (killAt: number) => Promise<void>): Promise<void> {
  const left = Array.from({ length: count }, (_, index) => index + 1)
  const worker = async (): Promise<void> => {
    for (let point = left.shift(); point !== undefined; point = left.shift()) await check(point)
  }
  await Promise.all(Array.from({ length: 4 }, worker))
}

const runbook =
  gate('pre', 'true') +
  effectStep('one', { capture: { EPOCH: '$.epoch' } }, `echo '{"epoch": 41}'`) +
  block({ name: 'ok', baton: 'approval' }, 'Going on is right.') +
  effectStep('two', { after: 'well' }, 'echo "$EPOCH" > epoch') +
  gate('well', 'test -s epoch') +
  effectStep('three')

test('killed at every point of a runbook: resumed, each step took effect once, and values come back', async () => {
  const whole = await runner(bookIn(temporaryFolder(), runbook), { approval: 'ok' })
  const { count } = JSON.parse(whole.output) as { count: number }
  assert.equal(whole.code, 0)
  assert.ok(count >= 25, `${count} points`)
  await atEveryPoint(count, async (killAt) => {
    const folder = temporaryFolder()
    const book = bookIn(folder, runbook)
    const { signal } = await runner(book, { killAt, approval: 'ok' })
    assert.equal(signal, 'SIGKILL', `point ${killAt}`)
    const person = { by: 'bob', reason: 'test' }
    const result = await run(book, { isExecuted: true, approve: { id: 'ok', person } })
    assert.deepEqual(
      [result.kind, result.kind === 'ended' && result.why],
      ['ended', 'complete'],
      `point ${killAt}`,
    )
    assert.deepEqual(effectsIn(folder), ['one', 'two', 'three'], `point ${killAt}`)
    assert.deepEqual(effectsIn(folder, 'epoch'), ['41'], `point ${killAt}`)
  })
})

test('killed at every point of a rollback: resumed, each step is taken back once', async () => {
  const text = effectStep('one') + effectStep('two')
  const prepared = async (): Promise<Book> => {
    const book = bookIn(temporaryFolder(), text)
    const result = await run(book, { isExecuted: true })
    assert.ok(result.kind === 'ended' && result.code === 0)
    return book
  }
  const whole = await runner(await prepared(), { way: 'back' })
  const { count } = JSON.parse(whole.output) as { count: number }
  assert.ok(count >= 10, `${count} points`)
  await atEveryPoint(count, async (killAt) => {
    const book = await prepared()
    assert.equal((await runner(book, { killAt, way: 'back' })).signal, 'SIGKILL')
    const found = status(book)
    assert.ok(found.kind === 'status')
    if (found.is_rolling_back || !found.stations.every(({ state }) => state === 'undone')) {
      const rest = await runner(book, { way: 'back' })
      assert.equal(rest.code, 0, `point ${killAt}: ${rest.output}`)
    }
    assert.deepEqual(effectsIn(book.folder), ['one', 'two', 'un-two', 'un-one'], `point ${killAt}`)
  })
})

test('any runbook, killed at any moment, twice: each effect exactly once', async () => {
  const shape = fc.array(fc.record({ sleeps: fc.boolean(), captures: fc.boolean(), gated: fc.boolean() }), {
    minLength: 1,
    maxLength: 4,
  })
  const textOf = (steps: readonly { sleeps: boolean; captures: boolean; gated: boolean }[]): string =>
    steps
      .map(({ sleeps, captures, gated }, n) => {
        const more = {
          ...(captures ? { capture: { [`V${n}`]: '$.v' } } : {}),
          ...(gated ? { after: `g${n}` } : {}),
        }
        const tail = `${sleeps ? 'sleep 0.1\n' : ''}echo '{"v": ${n}}'`
        return effectStep(`s${n}`, more, tail) + (gated ? gate(`g${n}`, 'true') : '')
      })
      .join('')
  await fc.assert(
    fc.asyncProperty(
      shape,
      fc.array(
        fc.oneof(
          fc.record({ killAt: fc.integer({ min: 1, max: 24 }) }),
          fc.record({ killAfterMs: fc.integer({ min: 150, max: 900 }) }),
        ),
        { minLength: 2, maxLength: 2 },
      ),
      async (steps, kills) => {
        const folder = temporaryFolder()
        const book = bookIn(folder, textOf(steps))
        for (const kill of kills) await runner(book, kill)
        const result = await run(book, { isExecuted: true })
        assert.ok(result.kind === 'ended' && result.code === 0, JSON.stringify(result))
        assert.deepEqual(
          effectsIn(folder),
          steps.map((_, n) => `s${n}`),
        )
      },
    ),
    { numRuns: 12, endOnFailure: true },
  )
})

test('a crash in the middle of a write: the torn line is cut, the repair is recorded, nothing happens twice', async () => {
  const folder = temporaryFolder()
  const book = bookIn(folder, effectStep('one') + effectStep('two'))
  await run(book, { isExecuted: true, to: 'one' })
  const file = join(book.journal, 'journal.jsonl')
  appendFileSync(file, '{"seq":99,"at":17954')
  const result = await run(book, { isExecuted: true })
  assert.ok(result.kind === 'ended' && result.code === 0, JSON.stringify(result))
  assert.deepEqual(effectsIn(folder), ['one', 'two'])
  assert.match(readFileSync(file, 'utf8'), /"kind":"repaired","cut_bytes":20,/)
})

test('a journal that somebody cut, changed or reordered is refused, and nothing runs', async () => {
  const folder = temporaryFolder()
  const book = bookIn(folder, effectStep('one') + effectStep('two'))
  await run(book, { isExecuted: true, to: 'one' })
  const file = join(book.journal, 'journal.jsonl')
  const text = readFileSync(file, 'utf8')
  const lines = text.trimEnd().split('\n')
  const changes: readonly (readonly [string, string, RegExp])[] = [
    ['cut', `${lines.slice(0, 2).join('\n')}\n`, /its end was cut off/],
    ['emptied', '', /its end was cut off/],
    ['changed', text.replace('"is_done":true', '"is_done":false'), /line \d was changed/],
    ['reordered', `${[lines[1], lines[0], ...lines.slice(2)].join('\n')}\n`, /line 1 does not follow/],
  ]
  for (const [name, changed, pattern] of changes) {
    writeFileSync(file, changed)
    const result = await run(book, { isExecuted: true })
    assert.ok(result.kind === 'refused', name)
    assert.match(result.why, pattern)
    const found = status(book)
    assert.equal(found.kind, 'refused', name)
  }
  assert.deepEqual(effectsIn(folder), ['one'])
  writeFileSync(file, text)
  const result = await run(book, { isExecuted: true })
  assert.ok(result.kind === 'ended' && result.code === 0)
})
