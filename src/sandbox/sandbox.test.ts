import assert from 'node:assert/strict'
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { pino } from 'pino'
import { Agent, request, type Dispatcher } from 'undici'
import { startSandbox, type Sandbox } from './sandbox.ts'

const log = pino({ level: 'silent' })
const TO = '+12025550100'

describe('carrier sandbox', { timeout: 60_000 }, () => {
  let folder: string
  let logPath: string
  let sandbox: Sandbox
  let agent: Agent

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'baton-sandbox-'))
    logPath = join(folder, 'made', 'carrier.jsonl')
    sandbox = await startSandbox({ host: '127.0.0.1', port: 0, logPath, log })
    agent = new Agent({ connections: 1, pipelining: 1 })
  })
  after(async () => {
    await sandbox.close()
    await agent.destroy()
    await rm(folder, { recursive: true })
  })
  beforeEach(async () => {
    assert.equal((await put({})).statusCode, 200)
  })

  const call = (method: Dispatcher.HttpMethod, path: string, body?: unknown, signal?: AbortSignal) =>
    request(`${sandbox.url}${path}`, {
      method,
      dispatcher: agent,
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
      ...(signal && { signal }),
    })
  const put = async (faults: unknown) => {
    const { statusCode, headers, body } = await call('PUT', '/faults', faults)
    return { statusCode, type: headers['content-type'], body: await body.json() }
  }
  const send = (account: string, reference: string, signal?: AbortSignal) =>
    call('POST', `/accounts/${account}/messages`, { to: TO, body: 'hello', reference }, signal)
  const rows = async (query = ''): Promise<Record<string, unknown>[]> =>
    (await (await call('GET', `/log${query}`)).body.json()) as Record<string, unknown>[]
  const texts = async (reference: string): Promise<number> => (await rows(`?reference=${reference}`)).length

  it('sends a text and logs it before it answers', async () => {
    const answer = await send('service', 'plain')
    assert.equal(answer.statusCode, 201)
    const { id } = (await answer.body.json()) as { id: string }
    const [row, ...others] = await rows('?reference=plain')
    assert.deepEqual(others, [])
    assert.ok(row)
    assert.match(String(row['at']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    assert.deepEqual(
      { ...row, at: '' },
      { at: '', account: 'service', to: TO, body: 'hello', reference: 'plain', provider_message_id: id },
    )
  })

  it('does not dedupe: two calls are two texts with two ids', async () => {
    const ids = new Set<unknown>()
    for (const account of ['legacy', 'service']) {
      ids.add(((await (await send(account, 'twice')).body.json()) as { id: string }).id)
    }
    assert.equal(ids.size, 2)
    assert.deepEqual(
      (await rows('?reference=twice')).map((row) => row['account']),
      ['legacy', 'service'],
    )
  })

  it('keeps every text as it was: markup, newlines, quotes, other scripts, a lone surrogate', async () => {
    const body = '<b>"x"</b>\n\r\\ \u2028 \u0000 \u{1f468}\u200d\u{1f469} \ud800 ' + 'ß'.repeat(5000)
    const answer = await call('POST', '/accounts/legacy/messages', { to: TO, body, reference: 'odd' })
    assert.equal(answer.statusCode, 201)
    await answer.body.dump()
    assert.equal((await rows('?reference=odd'))[0]?.['body'], body)
  })

  it('filters the log by account, reference, time and the last n', async () => {
    for (const [account, reference] of [
      ['legacy', 'f1'],
      ['service', 'f2'],
      ['legacy', 'f3'],
    ] as const) {
      await (await send(account, reference)).body.dump()
    }
    const last = async (query: string) => (await rows(query)).map((row) => row['reference'])
    assert.deepEqual(await last('?limit=2'), ['f2', 'f3'])
    assert.deepEqual(await last('?account=legacy&limit=2'), ['f1', 'f3'])
    assert.deepEqual(await last('?account=service&limit=1'), ['f2'])
    assert.equal((await rows('?limit=100000')).length, (await rows()).length)
    const at = String((await rows('?reference=f2'))[0]?.['at'])
    assert.ok((await last(`?since=${at}`)).includes('f2'))
    assert.ok((await rows(`?since=${at}`)).every((row) => String(row['at']) >= at))
    assert.deepEqual(await last('?since=2999-01-01T00:00:00Z'), [])
    assert.deepEqual(await last('?reference=nobody'), [])
  })

  it('answers what it cannot take with a problem document and sends nothing', async () => {
    const before = (await rows()).length
    const good = { to: TO, body: 'x' }
    const refused: [Dispatcher.HttpMethod, string, unknown, number][] = [
      ['POST', '/accounts/legacy/messages', { ...good, colour: 'red' }, 400],
      ['POST', '/accounts/legacy/messages', { to: TO }, 400],
      ['POST', '/accounts/legacy/messages', { ...good, to: '0123' }, 400],
      ['POST', '/accounts/legacy/messages', { ...good, body: 1 }, 400],
      ['POST', '/accounts/legacy/messages', { ...good, body: '' }, 400],
      ['POST', '/accounts/legacy/messages', { ...good, body: 'x'.repeat(70_000) }, 413],
      ['POST', '/accounts/other/messages', good, 404],
      ['DELETE', '/log', undefined, 404],
      ['GET', '/log?limit=0', undefined, 400],
      ['GET', '/log?account=other', undefined, 400],
      ['GET', '/log?since=yesterday', undefined, 400],
      ['GET', '/log?color=red', undefined, 400],
      ['GET', '/%ZZ', undefined, 400],
    ]
    for (const [method, path, body, status] of refused) {
      const answer = await call(method, path, body)
      const document = (await answer.body.json()) as Record<string, unknown>
      assert.equal(answer.statusCode, status, `${method} ${path}`)
      assert.match(String(answer.headers['content-type']), /^application\/problem\+json/)
      for (const field of ['type', 'title', 'status', 'detail', 'code']) assert.ok(field in document, field)
      assert.equal(document['status'], status)
    }
    assert.equal((await rows()).length, before)
  })

  it('replaces the whole fault setting and validates it strictly', async () => {
    const wanted = { legacy: { latency_ms: 5, refuse: 0.5 }, service: { swallow: true } }
    assert.deepEqual((await put(wanted)).body, wanted)
    assert.deepEqual((await put({ service: { error_share: 1 } })).body, {
      legacy: {},
      service: { error_share: 1 },
    })
    for (const bad of [
      { other: {} },
      { legacy: { latency: 5 } },
      { legacy: { latency_ms: '5' } },
      { legacy: { latency_ms: -1 } },
      { legacy: { refuse: 1.5 } },
      { legacy: { swallow: 'yes' } },
      { legacy: { error_share: true } },
      [],
    ]) {
      const { statusCode, type } = await put(bad)
      assert.equal(statusCode, 400, JSON.stringify(bad))
      assert.equal(type, 'application/problem+json')
    }
    const inForce = await (await call('GET', '/faults')).body.json()
    assert.deepEqual(inForce, { legacy: {}, service: { error_share: 1 } })
    assert.deepEqual((await put({})).body, { legacy: {}, service: {} })
  })

  it('refuses with the vendor’s own document, in the one account only', async () => {
    await put({ legacy: { refuse: true } })
    const answer = await send('legacy', 'refused')
    assert.equal(answer.statusCode, 422)
    const { error } = (await answer.body.json()) as { error: { code: string; message: string } }
    assert.equal(error.code, 'refused')
    assert.ok(error.message.includes(TO))
    assert.equal(await texts('refused'), 0)
    const other = await send('service', 'refused')
    assert.equal(other.statusCode, 201)
    await other.body.dump()
  })

  it('fails before acceptance with 503', async () => {
    await put({ service: { error_share: 1 } })
    const answer = await send('service', 'error')
    assert.equal(answer.statusCode, 503)
    assert.equal(answer.headers['content-type'], 'application/problem+json')
    await answer.body.dump()
    assert.equal(await texts('error'), 0)
  })

  it('accepts only after the latency, also when the caller has left', async () => {
    await put({ legacy: { latency_ms: 60_000 }, service: { latency_ms: 500 } })
    for (const account of ['legacy', 'service']) {
      await assert.rejects(send(account, account, AbortSignal.timeout(20)), { name: 'TimeoutError' })
    }
    await until(async () => (await texts('service')) === 1)
    assert.equal(await texts('legacy'), 0)
  })

  it('swallows: sends, never answers, and keeps the connection', async () => {
    await put({ service: { swallow: true } })
    await assert.rejects(send('service', 'swallowed', AbortSignal.timeout(250)), { name: 'TimeoutError' })
    assert.equal(await texts('swallowed'), 1)
    await put({})
    assert.equal((await send('service', 'healed')).statusCode, 201)
  })

  it('resets after acceptance', async () => {
    await put({ service: { reset_after_accept: true } })
    await assert.rejects(send('service', 'reset'), { code: 'ECONNRESET' })
    assert.equal(await texts('reset'), 1)
  })

  it('answers late, but sends and logs at once', async () => {
    await put({ legacy: { answer_late_ms: 60_000 }, service: { answer_late_ms: 30 } })
    const leave = new AbortController()
    const late = assert.rejects(send('legacy', 'late', leave.signal), { name: 'AbortError' })
    const watcher = new Agent()
    await until(async () => {
      const answer = await request(`${sandbox.url}/log?reference=late`, { dispatcher: watcher })
      return ((await answer.body.json()) as unknown[]).length === 1
    })
    leave.abort()
    await late
    await watcher.destroy()
    assert.equal((await send('service', 'late')).statusCode, 201)
  })

  it('refuses to start on a taken port', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.once('listening', resolve))
    const { port } = taken.address() as { port: number }
    const other = join(folder, 'other.jsonl')
    await assert.rejects(startSandbox({ host: '127.0.0.1', port, logPath: other, log }), {
      code: 'EADDRINUSE',
    })
    taken.close()
  })

  it('closes while callers wait, and what they wait for is not sent', async () => {
    const path = join(folder, 'closing.jsonl')
    const closing = await startSandbox({ host: '127.0.0.1', port: 0, logPath: path, log })
    const json = { 'content-type': 'application/json' }
    await request(`${closing.url}/faults`, {
      method: 'PUT',
      headers: json,
      body: JSON.stringify({ legacy: { latency_ms: 60_000 }, service: { swallow: true } }),
    })
    const body = JSON.stringify({ to: TO, body: 'x' })
    const waiting = ['legacy', 'service'].map((account) =>
      assert.rejects(
        request(`${closing.url}/accounts/${account}/messages`, { method: 'POST', headers: json, body }),
      ),
    )
    await until(async () => (await readFile(path, 'utf8')) !== '')
    await closing.close()
    await Promise.all(waiting)
    assert.deepEqual(
      (await readFile(path, 'utf8'))
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { account: string }).account),
      ['service'],
    )
  })

  it('sets a cut last entry aside at start and goes on on a line of its own', async () => {
    const path = join(folder, 'torn.jsonl')
    const whole = `${(await readFile(logPath, 'utf8')).split('\n')[0]}\n`
    await writeFile(path, whole)
    await appendFile(path, '{"at":"2026-01-01T00:00:00.000Z","acc')
    const again = await startSandbox({ host: '127.0.0.1', port: 0, logPath: path, log })
    const answer = await request(`${again.url}/accounts/legacy/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ to: TO, body: 'after' }),
    })
    assert.equal(answer.statusCode, 201)
    await answer.body.dump()
    const listed = (await (await request(`${again.url}/log`)).body.json()) as { body: string }[]
    assert.equal(listed.length, 2)
    assert.equal(listed[1]?.body, 'after')
    await again.close()
    assert.equal(await readFile(`${path}.torn`, 'utf8'), '{"at":"2026-01-01T00:00:00.000Z","acc')
    assert.ok((await readFile(path, 'utf8')).startsWith(whole))
  })

  it('refuses to start on a log with a damaged entry in the middle', async () => {
    const path = join(folder, 'damaged.jsonl')
    await writeFile(path, 'not an entry\n')
    await assert.rejects(startSandbox({ host: '127.0.0.1', port: 0, logPath: path, log }), /not an entry/)
    assert.equal(await readFile(path, 'utf8'), 'not an entry\n')
  })
})

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 1000; attempt++) {
    if (await holds()) return
    await setTimeout(10)
  }
  assert.fail('what the test waits for has not come')
}
