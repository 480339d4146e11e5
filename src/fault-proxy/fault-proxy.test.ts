import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttpServer, type Server } from 'node:http'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { after, afterEach, before, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { pino } from 'pino'
import { Client, request } from 'undici'
import { startFaultProxy, type FaultProxy } from './fault-proxy.ts'

const log = pino({ level: 'silent' })
const BIG = Buffer.alloc(8 * 1024 * 1024, 'x')

describe('fault proxy before an HTTP service', { timeout: 60_000 }, () => {
  let service: Server
  let proxy: FaultProxy
  let client: Client
  /** The bodies the service got whole, in order. */
  const got: string[] = []

  before(async () => {
    service = createHttpServer((incoming, answer) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('end', () => {
        got.push(Buffer.concat(chunks).toString())
        answer.end(incoming.url === '/big' ? BIG : `answer to ${got.at(-1)}`)
      })
    })
    service.listen(0, '127.0.0.1')
    await once(service, 'listening')
    const upstream = { host: '127.0.0.1', port: (service.address() as AddressInfo).port }
    proxy = await startFaultProxy({ host: '127.0.0.1', port: 0, controlPort: 0, upstream, log })
    client = newClient()
  })
  after(async () => {
    await client.destroy()
    await proxy.close()
    service.closeAllConnections()
    service.close()
  })
  afterEach(async () => {
    assert.equal((await control('PUT', {})).status, 200)
    got.length = 0
  })

  const newClient = (): Client => new Client(`http://127.0.0.1:${proxy.port}`)
  const control = async (method: 'GET' | 'PUT', setting?: unknown) => {
    const answer = await request(`http://127.0.0.1:${proxy.controlPort}/faults`, {
      method,
      ...(setting !== undefined && {
        body: JSON.stringify(setting),
        headers: { 'content-type': 'application/json' },
      }),
    })
    const body = (await answer.body.json()) as Record<string, unknown>
    return { status: answer.statusCode, type: answer.headers['content-type'], body }
  }
  const counters = async () => (await control('GET')).body['counters'] as Record<string, number>
  const post = async (body: string, signal?: AbortSignal, via = client): Promise<string> => {
    const answer = await via.request({ method: 'POST', path: '/', body, ...(signal && { signal }) })
    return answer.body.text()
  }
  const silent = async (body: string): Promise<void> => {
    await assert.rejects(post(body, AbortSignal.timeout(150)), { name: 'TimeoutError' })
  }

  it('ends faults by themselves when their time is over, and never what was set since', async () => {
    await control('PUT', { refuse: true, for_ms: 150 })
    assert.deepEqual(
      [(await control('GET')).body['refuse'], (await control('GET')).body['for_ms']],
      [true, 150],
    )
    while ((await control('GET')).body['refuse'] !== undefined) await setTimeout(20)
    assert.equal(await post('after it', undefined, newClient()), 'answer to after it')
    await control('PUT', { swallow: true, for_ms: 100 })
    await control('PUT', { delay_ms: 1 })
    await setTimeout(300)
    assert.equal((await control('GET')).body['delay_ms'], 1)
    assert.equal((await control('PUT', { swallow: true, for_ms: 0 })).status, 400)
    assert.equal((await control('PUT', { swallow: true, for_ms: 3_600_001 })).status, 400)
  })

  it('is transparent without a fault, on one connection', async () => {
    const before = await counters()
    assert.equal(await post('one'), 'answer to one')
    assert.equal(await post('two'), 'answer to two')
    const now = await counters()
    assert.ok(Number(now['connections']) - Number(before['connections']) <= 1)
    assert.equal(now['reset'], before['reset'])
    assert.equal(now['swallowed_bytes'], before['swallowed_bytes'])
  })

  it('passes a big answer and a big request whole', async () => {
    const answer = await client.request({ method: 'POST', path: '/big', body: BIG })
    assert.ok(Buffer.from(await answer.body.arrayBuffer()).equals(BIG))
    assert.equal(got[0]?.length, BIG.length)
  })

  it('swallows the answer on a connection that is open already, and forwards the request', async () => {
    await post('warm')
    const before = Number((await counters())['swallowed_bytes'])
    await control('PUT', { swallow: true })
    await silent('swallowed')
    assert.deepEqual(got, ['warm', 'swallowed'])
    assert.ok(Number((await counters())['swallowed_bytes']) > before)
    await control('PUT', {})
    assert.equal(await post('healed'), 'answer to healed')
  })

  it('closes a connection that has lost an answer when the fault ends, and never goes on with it', async () => {
    const socket = connect(proxy.port, '127.0.0.1')
    socket.on('error', () => {})
    const before = Number((await counters())['swallowed_bytes'])
    await control('PUT', { swallow: true })
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nraw')
    await until(async () => Number((await counters())['swallowed_bytes']) > before)
    assert.deepEqual(got, ['raw'])
    await control('PUT', { swallow: true, delay_ms: 1 })
    assert.equal(socket.closed, false)
    const received: Buffer[] = []
    socket.on('data', (bytes) => received.push(bytes))
    const closed = new Promise((resolve) => socket.once('close', resolve))
    await control('PUT', {})
    await closed
    assert.equal(Buffer.concat(received).length, 0)
  })

  it('resets when the answer comes, after the service has the request', async () => {
    await post('warm')
    const before = await counters()
    await control('PUT', { reset: true })
    await assert.rejects(post('reset'), { code: 'ECONNRESET' })
    assert.deepEqual(got, ['warm', 'reset'])
    assert.equal(Number((await counters())['reset']), Number(before['reset']) + 1)
    await control('PUT', {})
    assert.equal(await post('healed'), 'answer to healed')
  })

  it('refuses connects and resets what is open; listens on the same port again', async () => {
    await post('warm')
    const inUse = client
    await control('PUT', { refuse: true })
    await assert.rejects(post('refused', undefined, inUse), { code: 'ECONNREFUSED' })
    await control('PUT', { refuse: true })
    const fresh = newClient()
    await assert.rejects(post('refused', undefined, fresh), { code: 'ECONNREFUSED' })
    assert.deepEqual(got, ['warm'])
    await control('PUT', {})
    assert.equal(await post('healed', undefined, fresh), 'answer to healed')
    await fresh.destroy()
  })

  it('says so when the port it left is taken, stays refusing, and comes back when it is free', async () => {
    await control('PUT', { refuse: true })
    const thief = createServer().listen(proxy.port, '127.0.0.1')
    await once(thief, 'listening')
    const answer = await control('PUT', {})
    assert.equal(answer.status, 503)
    assert.equal((await control('GET')).body['refuse'], true)
    thief.close()
    await once(thief, 'close')
    await control('PUT', {})
    assert.equal(await post('healed'), 'answer to healed')
  })

  it('takes everything into a blackhole and forwards nothing', async () => {
    await post('warm')
    await control('PUT', { blackhole: true })
    await silent('existing connection')
    await silent('new connection')
    await control('PUT', {})
    assert.equal(await post('healed'), 'answer to healed')
    assert.deepEqual(got, ['warm', 'healed'])
    assert.ok(Number((await counters())['blackholed_bytes']) > 0)
  })

  it('connects a client that came during a blackhole and kept silent', async () => {
    await control('PUT', { blackhole: true })
    const before = Number((await counters())['connections'])
    const socket = connect(proxy.port, '127.0.0.1')
    await once(socket, 'connect')
    await until(async () => Number((await counters())['connections']) > before)
    await control('PUT', {})
    socket.write('POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 5\r\n\r\nquiet')
    assert.match(await textOf(socket), /answer to quiet$/)
  })

  it('delays the request; it arrives whole, though the client has left', async () => {
    await post('warm')
    await control('PUT', { delay_ms: 400 })
    await silent('late')
    assert.deepEqual(got, ['warm'])
    await until(async () => got.includes('late'))
    assert.deepEqual(got, ['warm', 'late'])
  })

  it('lets go at once what a delay has held when it is cleared', async () => {
    await control('PUT', { delay_ms: 600_000 })
    const held = post('held')
    await setTimeout(50) // however far it has come by then, it is to arrive
    assert.deepEqual(got, [])
    await control('PUT', {})
    assert.equal(await held, 'answer to held')
  })

  it('lets go whole what a caller who has left had sent', async () => {
    await control('PUT', { delay_ms: 600_000 })
    await silent('left behind')
    await control('PUT', {})
    await until(async () => got.includes('left behind'))
  })

  it('validates a setting strictly and keeps the one in force', async () => {
    await control('PUT', { delay_ms: 3, swallow: false })
    const bad = [
      { delay: 1 },
      { delay_ms: '1' },
      { delay_ms: -1 },
      { delay_ms: 1.5 },
      { swallow: 1 },
      { reset: null },
      [],
    ]
    for (const setting of bad) {
      const { status, type, body } = await control('PUT', setting)
      assert.equal(status, 400, JSON.stringify(setting))
      assert.equal(type, 'application/problem+json')
      for (const field of ['type', 'title', 'status', 'detail', 'code']) assert.ok(field in body, field)
    }
    const { counters: _, ...setting } = (await control('GET')).body
    assert.deepEqual(setting, { delay_ms: 3, swallow: false })
    assert.deepEqual((await control('PUT', { reset: true })).body, { reset: true })
    const health = await request(`http://127.0.0.1:${proxy.controlPort}/healthz`)
    assert.equal(health.statusCode, 200)
    await health.body.dump()
  })

  it('ends with the last of many settings put at once', async () => {
    const settings = Array.from({ length: 21 }, (_, index) => (index % 2 === 0 ? {} : { refuse: true }))
    for (const answer of await Promise.all(settings.map((setting) => control('PUT', setting)))) {
      assert.equal(answer.status, 200)
    }
    await control('PUT', {})
    assert.equal(await post('steady'), 'answer to steady')
  })
})

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 1000; attempt++) {
    if (await holds()) return
    await setTimeout(10)
  }
  assert.fail('what the test waits for has not come')
}

async function textOf(socket: Socket): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
