import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { afterRun, noRuns } from './restart-policy.ts'
import { choosePorts, probePort } from './ports.ts'
import { supervise, type ChildEvent, type SuperviseOptions } from './supervise.ts'
import { isAlive, until } from './up-fixture.ts'

const environment = { PATH: process.env['PATH'] ?? '' }

/** A program of these lines under supervision. */
async function start(t: TestContext, program: string, options: Partial<SuperviseOptions> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'baton-supervise-'))
  const file = join(directory, 'program.mjs')
  writeFileSync(file, program)
  const { any } = await choosePorts('127.0.0.1', { any: { program: 'any', setting: 'ANY', port: 0 } })
  const events: ChildEvent[] = []
  const lines: string[] = []
  const child = supervise({
    file,
    url: `http://127.0.0.1:${any.port}`,
    environment: () => ({ ...environment, PORT: String(any.port) }),
    onLine: (line) => lines.push(line),
    onEvent: (event) => events.push(event),
    ...options,
  })
  t.after(async () => {
    child.killNow()
    await child.stop()
    rmSync(directory, { recursive: true })
  })
  return { child, events, lines }
}

const SERVE = `
  import { createServer } from 'node:http'
  createServer((request, response) => response.end('ok')).listen(process.env.PORT, '127.0.0.1')`

test('a program that cannot start is given up after five starts, with its last lines', async (t) => {
  const { child, events } = await start(t, `console.log('x'); console.error('no luck'); process.exit(1)`)
  const end = await child.first
  assert.ok(typeof end === 'object')
  assert.deepEqual([end.starts, end.how], [5, 'ended with exit code 1'])
  assert.deepEqual(end.lastLines.toSorted(), ['no luck', 'x'])
  assert.deepEqual(
    events.map((event) => (event.kind === 'restarts' ? event.pauseMs : event.kind)),
    [200, 400, 800, 1600, 'given_up'],
  )
  await child.stop()
})

test('malformed settings (exit code 2) at the first start are not tried again', async (t) => {
  const { child, events } = await start(t, 'process.exit(2)')
  assert.ok(typeof (await child.first) === 'object')
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['given_up'],
  )
})

test('a program that runs but is never healthy is killed and started again', async (t) => {
  const { child, events } = await start(t, 'setInterval(() => {}, 1000)', { healthyWithinMs: 300 })
  await until(() => events.length > 0, 'it is restarted')
  const [event] = events
  assert.deepEqual(event, { kind: 'restarts', how: 'was not healthy in 0.3 s', pauseMs: 200 })
  await child.stop()
  assert.equal(await child.first, 'stopped')
})

test('one that ignores SIGTERM is killed at the bound', async (t) => {
  const program = `process.on('SIGTERM', () => console.log('ignored'));${SERVE}`
  const { child, events, lines } = await start(t, program, { stopWithinMs: 300 })
  assert.equal(await child.first, 'healthy')
  const pid = child.pid() ?? 0
  assert.ok(isAlive(pid))
  await child.stop()
  assert.ok(!isAlive(pid))
  assert.deepEqual([lines, events.at(-1)], [['ignored'], { kind: 'killed_late', afterMs: 300 }])
})

test('a restart that is asked for comes at once, and is no failure', async (t) => {
  const { child, events } = await start(t, SERVE)
  assert.equal(await child.first, 'healthy')
  const first = child.pid()
  child.restart()
  await until(() => events.length === 2, 'it is healthy again')
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['healthy', 'healthy'],
  )
  assert.notEqual(child.pid(), first)
})

const crash = { healthyMs: 5, code: 1, wanted: false }

test('pauses double from 0.2 s to 5 s, and begin anew after 10 s of health', () => {
  const pauses: number[] = []
  let tally = noRuns
  for (const healthyMs of [5, 5, 5, 5, 9_999, 5, 5, 10_000, 5]) {
    const next = afterRun(tally, { ...crash, healthyMs })
    assert.ok(next.decision.kind === 'pause')
    pauses.push(next.decision.pauseMs)
    tally = next.tally
  }
  assert.deepEqual(pauses, [200, 400, 800, 1600, 3200, 5000, 5000, 200, 400])
})

test('failed starts count in a row: one healthy run forgets them', () => {
  const decisions: string[] = []
  let tally = noRuns
  for (const healthyMs of [undefined, undefined, undefined, undefined, 5, undefined, undefined]) {
    const next = afterRun(tally, { ...crash, healthyMs })
    decisions.push(next.decision.kind)
    tally = next.tally
  }
  assert.ok(decisions.every((kind) => kind === 'pause'))
  assert.equal(tally.failedStarts, 2)
  const later = afterRun(tally, { healthyMs: undefined, code: 2, wanted: false })
  assert.equal(later.decision.kind, 'pause', 'exit code 2 is hopeless at the first start only')
})

test('picked ports are free, different from each other and from those that were asked for', async () => {
  const use = (port: number) => ({ program: 'p', setting: 'S', port })
  const asked = (await choosePorts('127.0.0.1', { a: use(0) })).a.port
  const { a, b, c } = await choosePorts('127.0.0.1', { a: use(0), b: use(asked), c: use(0) })
  assert.equal(b.port, asked)
  assert.equal(new Set([a.port, b.port, c.port]).size, 3)
  assert.equal(await probePort('127.0.0.1', a.port), 'free')
  await assert.rejects(
    choosePorts('127.0.0.1', { a: use(asked), b: use(asked) }),
    /is given to two programs: set S/,
  )
  await assert.rejects(choosePorts('192.0.2.1', { a: use(asked) }), /no such address: set BATON_HOST/)
})
