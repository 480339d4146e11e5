// The proxy as TCP: who may still speak, who is held, and what a lost byte does to a connection.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { pino } from 'pino'
import { request } from 'undici'
import type { Counters } from './counters.ts'
import { startFaultProxy, type FaultProxy } from './fault-proxy.ts'
import type { FaultSetting } from './fault-setting.ts'

const log = pino({ level: 'silent' })
const CHUNK = Buffer.alloc(64 * 1024, 'y')
/** More than the sockets' kernel buffers and the proxy's own bounds hold together. */
const FLOOD_BYTES = 96 * 1024 * 1024

interface Report {
  readonly counters: Counters
}

describe('proxied connection', { timeout: 60_000 }, () => {
  let upstream: Server
  let upstreamPort: number
  let proxy: FaultProxy
  let client: Socket
  let server: Socket

  before(async () => {
    upstream = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, '127.0.0.1')
    await once(upstream, 'listening')
    upstreamPort = (upstream.address() as AddressInfo).port
    const to = { host: '127.0.0.1', port: upstreamPort }
    proxy = await startFaultProxy({ host: '127.0.0.1', port: 0, controlPort: 0, upstream: to, log })
  })
  after(async () => {
    await proxy.close()
    upstream.close()
  })
  beforeEach(async () => {
    const accepted = once(upstream, 'connection')
    client = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true })
    server = ((await accepted) as [Socket])[0]
    for (const socket of [client, server]) socket.on('error', () => {})
  })
  afterEach(async () => {
    for (const socket of [client, server]) socket.destroy()
    await put({})
    await until(async () => (await report()).open_connections === 0)
  })

  const put = async (setting: FaultSetting): Promise<void> => {
    const answer = await request(`http://127.0.0.1:${proxy.controlPort}/faults`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(setting),
    })
    assert.equal(answer.statusCode, 200)
    await answer.body.dump()
  }
  const report = async (): Promise<Report['counters']> => {
    const { body } = await request(`http://127.0.0.1:${proxy.controlPort}/faults`)
    return ((await body.json()) as Report).counters
  }
  /** Does something and waits until the proxy has counted it. */
  const counted = async (count: (counters: Counters) => number, act: () => void): Promise<void> => {
    const before = count(await report())
    act()
    await until(async () => count(await report()) > before)
  }
  /** Writes until nothing moves any more; gives what the proxy has passed on then. */
  const flood = async (writer: Socket, direction: 'to_upstream' | 'to_client'): Promise<number> => {
    for (let sent = 0; sent < FLOOD_BYTES; sent += CHUNK.length) writer.write(CHUNK)
    for (let last = -1; ; await setTimeout(100)) {
      const now = (await report()).forwarded_bytes[direction]
      if (now === last) return now
      last = now
    }
  }

  it('passes the end of the request while the answer still comes', async () => {
    client.end('question')
    assert.equal(await textOf(server), 'question')
    server.end('answer')
    assert.equal(await textOf(client), 'answer')
  })

  it('passes the end of the answer while the request still comes', async () => {
    server.end('answer')
    assert.equal(await textOf(client), 'answer')
    client.end('late question')
    assert.equal(await textOf(server), 'late question')
  })

  it('passes a reset on, either way', async () => {
    client.write('x')
    await firstOf(server)
    const left = closeOf(client)
    server.resetAndDestroy()
    assert.equal(await left, 'ECONNRESET')
  })

  it('ends the upstream when the client resets', async () => {
    await counted(
      (counters) => counters.forwarded_bytes.to_upstream,
      () => client.write('whole'),
    )
    client.resetAndDestroy()
    assert.equal(await textOf(server), 'whole')
  })

  it('resets the client when the upstream is absent', async () => {
    const nobody = createServer().listen(0, '127.0.0.1')
    await once(nobody, 'listening')
    const { port } = nobody.address() as AddressInfo
    nobody.close()
    await once(nobody, 'close')
    const to = { host: '127.0.0.1', port }
    const lonely = await startFaultProxy({ host: '127.0.0.1', port: 0, controlPort: 0, upstream: to, log })
    const socket = connect(lonely.port, '127.0.0.1')
    const closed = closeOf(socket)
    socket.write('anybody?')
    assert.match(await closed, /ECONNRESET|EPIPE/)
    await lonely.close()
  })

  it('holds the upstream while the client does not read, and then passes everything', async () => {
    client.pause()
    const before = (await report()).forwarded_bytes.to_client
    assert.ok((await flood(server, 'to_client')) - before < FLOOD_BYTES)
    server.end()
    assert.equal(await lengthOf(client), FLOOD_BYTES)
  })

  it('holds the client while the upstream does not read, and then passes everything', async () => {
    const before = (await report()).forwarded_bytes.to_upstream
    assert.ok((await flood(client, 'to_upstream')) - before < FLOOD_BYTES)
    client.end()
    assert.equal(await lengthOf(server), FLOOD_BYTES)
  })

  it('holds the client while a delay holds the bytes', async () => {
    await put({ delay_ms: 600_000 })
    for (let sent = 0; sent < FLOOD_BYTES; sent += CHUNK.length) client.write(CHUNK)
    const queued = (): number => client.writableLength
    for (let last = -1; last !== queued(); await setTimeout(100)) last = queued()
    assert.ok(queued() > FLOOD_BYTES / 2)
    client.end()
    await put({})
    assert.equal(await lengthOf(server), FLOOD_BYTES)
  })

  it('keeps the order under a delay that changes', async () => {
    let expected = ''
    for (let index = 0; index < 40; index++) {
      if (index % 8 === 0) await put({ delay_ms: [60, 5, 30][index % 3] ?? 0 })
      client.write(`${index},`)
      expected += `${index},`
      await setTimeout(1)
    }
    client.end()
    assert.equal(await textOf(server), expected)
  })

  it('cuts a connection whose answer was half lost, and does not go on with the other half', async () => {
    const received: string[] = []
    client.on('data', (bytes) => received.push(bytes.toString()))
    server.write('first ')
    await until(async () => received.join('') === 'first ')
    await put({ swallow: true })
    const passed = (await report()).forwarded_bytes.to_client
    await counted(
      (counters) => counters.swallowed_bytes,
      () => server.write('second '),
    )
    const closed = closeOf(client)
    await put({})
    assert.equal(await closed, 'ECONNRESET')
    assert.deepEqual(received, ['first '])
    assert.equal((await report()).forwarded_bytes.to_client, passed)
  })

  it('keeps the client’s side open when the upstream ends while answers are swallowed', async () => {
    await put({ swallow: true })
    await counted(
      (counters) => counters.swallowed_bytes,
      () => server.end('answer'),
    )
    await setTimeout(50)
    assert.deepEqual([client.readableEnded, client.closed], [false, false])
    const closed = closeOf(client)
    await put({})
    assert.equal(await closed, 'ECONNRESET')
  })

  it('cuts a connection that has lost part of a request in a blackhole, also under another fault', async () => {
    client.write('half a req')
    await firstOf(server)
    await put({ blackhole: true })
    await counted(
      (counters) => counters.blackholed_bytes,
      () => client.write('uest'),
    )
    const closed = closeOf(client)
    await put({ swallow: true })
    assert.equal(await closed, 'ECONNRESET')
  })

  it('keeps an idle connection through every fault but refuse', async () => {
    for (const fault of [{ blackhole: true }, { swallow: true }, { reset: true }, { delay_ms: 10 }]) {
      await put(fault)
    }
    await put({})
    client.end('still here')
    assert.equal(await textOf(server), 'still here')
    const closed = closeOf(client)
    await put({ refuse: true })
    assert.equal(await closed, 'ECONNRESET')
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
  let text = ''
  await read(socket, (chunk) => (text += chunk.toString()))
  return text
}

async function lengthOf(socket: Socket): Promise<number> {
  let length = 0
  await read(socket, (chunk) => (length += chunk.length))
  return length
}

/** Reads to the end without ending the other direction. */
async function read(socket: Socket, take: (chunk: Buffer) => void): Promise<void> {
  const over = new Promise((resolve) => socket.once('end', resolve).once('close', resolve))
  socket.on('data', take)
  socket.resume()
  await over
}

async function firstOf(socket: Socket): Promise<void> {
  socket.resume()
  await once(socket, 'data')
}

/** How a connection ends: the error's code, or nothing. */
function closeOf(socket: Socket): Promise<string> {
  let code = ''
  socket.on('error', (error: NodeJS.ErrnoException) => (code = error.code ?? ''))
  socket.resume()
  return new Promise((resolve) => socket.once('close', () => resolve(code)))
}
