// The ledger away, the store away, the breaker, the legacy driver's own failures.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, describe, test } from 'node:test'
import { httpLegacyDriver } from '../src/gateway/http-legacy-driver.ts'
import { startGateway } from '../src/gateway/gateway.ts'
import { startFaultProxy } from '../src/fault-proxy/fault-proxy.ts'
import { cuttingProxy } from './support/cutting-proxy.ts'
import { eventually, quiet, SEND_KEY, OPERATOR_KEY, startSystem } from './support/system.ts'

const system = await startSystem({ gateway: { breakerFailuresMax: 3, breakerProbeIntervalMs: 100 } })
const to = '+12025550100'

/** A gateway whose way to one of its databases can be cut. */
async function gatewayOver(
  which: 'legacyDatabaseUrl' | 'ledgerDatabaseUrl',
  more: object = {},
  of: typeof system = system,
) {
  const direct = new URL(of.database.gatewayUrl)
  const proxy = await startFaultProxy({
    host: '127.0.0.1',
    port: 0,
    controlPort: 0,
    upstream: { host: direct.hostname, port: Number(direct.port) },
    log: quiet,
  })
  const through = new URL(direct)
  through.port = String(proxy.port)
  const gateway = await of.anotherGateway({ [which]: through.href, ...more })
  after(() => proxy.close())
  const cut = async (faults: object) => {
    await fetch(`http://127.0.0.1:${proxy.controlPort}/faults`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(faults),
    })
  }
  return { ...gateway, cut }
}

interface Answer {
  messages: { message_uuid: string; source: string; status: string; fallback: string | null }[]
}

const carried = async (uuid: string) => (await system.carrier()).filter(({ reference }) => reference === uuid)
const logged = (uuid: string) =>
  system.sql<{ source: string; status: string }>(
    `select source, status from legacy.sms_logs where message_uuid = '${uuid}' and not dry_run`,
  )

describe('the store away', () => {
  for (const fault of [{ refuse: true }, { blackhole: true }, { swallow: true }]) {
    test(`${JSON.stringify(fault)}: 503, nothing sent; afterwards everything works`, async () => {
      const gateway = await gatewayOver('legacyDatabaseUrl', { entryDeadlineMs: 800 })
      await gateway.call('POST', '/v1/sms', { to, body: 'warm' }, SEND_KEY)
      const before = (await system.carrier()).length
      await gateway.cut(fault)
      const reply = await gateway.call<{ code: string; detail: string }>(
        'POST',
        '/v1/sms',
        { to, body: 'x' },
        SEND_KEY,
      )
      assert.equal(reply.status, 503)
      assert.match(reply.body.detail, /nothing was sent/)
      const mode = await gateway.call('PUT', '/operator/mode', { mode: 'ON', reason: 'x' }, OPERATOR_KEY)
      assert.equal(mode.status, 503)
      await gateway.cut({})
      await eventually(
        () => gateway.call('POST', '/v1/sms', { to, body: 'back' }, SEND_KEY),
        ({ status }) => status === 202,
      )
      assert.equal((await system.carrier()).length, before + 1)
      await gateway.stop()
    })
  }
})

for (const mode of ['OFF', 'ON']) {
  test(`${mode}: the answer to an entry is lost: the caller is answered all the same, one request, one message`, async () => {
    const proxy = await cuttingProxy(system.database.gatewayUrl)
    const gateway = await system.anotherGateway({ legacyDatabaseUrl: proxy.url })
    await system.mode(mode)
    await gateway.call('POST', '/v1/sms', { to, body: 'warm' }, SEND_KEY)
    for (const statement of ['gateway/enter', 'gateway/record-answer']) {
      const before = proxy.lost()
      proxy.loseAnswerTo(statement)
      const reference = `${mode} ${statement}`
      const reply = await gateway.call<Answer>('POST', '/v1/sms', { to, body: 'x', reference }, SEND_KEY)
      assert.equal(reply.status, 202)
      assert.equal(proxy.lost(), before + 1, 'an answer was lost')
      const requests = await system.sql<{ ids: string[] }>(
        `select message_uuids as ids from legacy.requests where reference = '${reference}'`,
      )
      const uuid = reply.body.messages[0]?.message_uuid ?? ''
      assert.deepEqual(requests, [{ ids: [uuid] }])
      await eventually(
        () => carried(uuid),
        (entries) => entries.length > 0,
      )
      assert.equal((await carried(uuid)).length, 1)
      assert.equal((await logged(uuid)).length, 1)
    }
    await gateway.stop()
    const [account] = await system.sql<{ used: number; reserved: number }>(
      'select used, reserved from legacy.quota_accounts',
    )
    const [charged] = await system.sql<{ n: number }>(
      'select count(*) as n from legacy.quota_settlements where charged',
    )
    assert.deepEqual(account, { used: charged?.n, reserved: 0 })
    await system.mode('OFF')
  })
}

describe('the ledger away', () => {
  test('ON, the service silent and the ledger unreachable: unresolved, nobody falls back; settled later', async () => {
    await system.mode('ON')
    const gateway = await gatewayOver('ledgerDatabaseUrl', { ledgerDeadlineMs: 500 })
    await system.faults({ blackhole: true })
    await gateway.cut({ refuse: true })
    const reply = await gateway.call<Answer>('POST', '/v1/sms', { to, body: 'x' }, SEND_KEY)
    assert.equal(reply.status, 202)
    const [message] = reply.body.messages
    assert.equal(message?.status, 'unresolved')
    const uuid = message?.message_uuid ?? ''
    assert.deepEqual(await carried(uuid), [])
    const view = await gateway.call<{ status: string }>('GET', `/operator/status`, undefined, OPERATOR_KEY)
    assert.equal(view.status, 200)
    await gateway.cut({})
    await eventually(
      () => logged(uuid),
      (rows) => rows.length === 1,
    )
    await system.faults({})
    assert.deepEqual(await logged(uuid), [{ source: 'legacy', status: 'sent' }])
    assert.equal((await carried(uuid)).length, 1)
    assert.deepEqual(await system.sql('select reserved from legacy.quota_accounts'), [{ reserved: 0 }])
    await gateway.stop()
  })

  test('the same, but the service had accepted: the settler finds that and legacy never sends', async () => {
    const gateway = await gatewayOver('ledgerDatabaseUrl', { ledgerDeadlineMs: 500 })
    await system.faults({ swallow: true })
    await gateway.cut({ refuse: true })
    const reply = await gateway.call<Answer>('POST', '/v1/sms', { to, body: 'x' }, SEND_KEY)
    const [message] = reply.body.messages
    assert.equal(message?.status, 'unresolved')
    await system.faults({})
    await gateway.cut({})
    const uuid = message?.message_uuid ?? ''
    await eventually(
      () => logged(uuid),
      (rows) => rows.length === 1,
    )
    assert.deepEqual(await logged(uuid), [{ source: 'go', status: 'accepted' }])
    await eventually(
      () => carried(uuid),
      (entries) => entries.length > 0,
    )
    assert.deepEqual(
      (await carried(uuid)).map(({ account }) => account),
      ['service'],
    )
    await gateway.stop()
  })

  test('too old to be wanted: voided, never sent late', async () => {
    const impatient = await startSystem({ gateway: { wantedMs: 1 } })
    await impatient.mode('ON')
    const gateway = await gatewayOver('ledgerDatabaseUrl', { ledgerDeadlineMs: 300 }, impatient)
    await impatient.faults({ blackhole: true })
    await gateway.cut({ refuse: true })
    const reply = await gateway.call<Answer>('POST', '/v1/sms', { to, body: 'x' }, SEND_KEY)
    const uuid = reply.body.messages[0]?.message_uuid ?? ''
    await gateway.cut({})
    const ended = () =>
      impatient.sql<{ source: string; status: string }>(
        `select source, status from legacy.sms_logs where message_uuid = '${uuid}'`,
      )
    await eventually(ended, (rows) => rows.length === 1)
    assert.deepEqual(await ended(), [{ source: 'legacy', status: 'failed' }])
    assert.deepEqual(await impatient.carrier(), [])
    await gateway.stop()
  })

  test('a legacy claim whose answer was lost for good: taken back by its token, then sent once', async () => {
    await system.mode('OFF')
    const gateway = await gatewayOver('ledgerDatabaseUrl', { ledgerDeadlineMs: 500 })
    await gateway.call('POST', '/v1/sms', { to, body: 'warm' }, SEND_KEY)
    await gateway.cut({ reset: true })
    const reply = await gateway.call<Answer>('POST', '/v1/sms', { to, body: 'x' }, SEND_KEY)
    const [message] = reply.body.messages
    assert.equal(message?.status, 'unresolved')
    const uuid = message?.message_uuid ?? ''
    const state = () =>
      system.sql<{ state: string }>(
        `select state from messaging.execution_authority where message_uuid = '${uuid}'`,
      )
    assert.deepEqual(await state(), [{ state: 'dispatched' }], 'committed, though no answer ever came')
    assert.deepEqual(await carried(uuid), [])
    await gateway.cut({})
    await eventually(
      () => logged(uuid),
      (rows) => rows.length === 1,
    )
    assert.deepEqual(await logged(uuid), [{ source: 'legacy', status: 'sent' }])
    assert.equal((await carried(uuid)).length, 1)
    const proofs = await system.sql<{ kind: string }>(
      `select kind from messaging.authority_proofs where message_uuid = '${uuid}'`,
    )
    assert.deepEqual(proofs, [{ kind: 'not_sent' }])
    await gateway.stop()
  })
})

describe('the breaker', () => {
  const state = async () =>
    (await system.call<{ breaker: string }>('GET', '/operator/status', undefined, OPERATOR_KEY)).body.breaker

  test('opens after failures in a row, then legacy sends without a call; a health check closes it', async () => {
    await system.mode('ON')
    await system.send({ to, body: 'well' })
    await system.faults({ refuse: true })
    for (let n = 0; n < 3; n++) {
      assert.equal((await system.send({ to, body: `f${n}` })).body.messages[0]?.fallback, 'transport')
    }
    const open = await system.send({ to, body: 'open' })
    assert.deepEqual(
      [open.body.messages[0]?.source, open.body.messages[0]?.fallback],
      ['legacy', 'breaker_open'],
    )
    const goRows = await system.sql<{ n: number }>('select count(*) as n from messaging.go_sms_logs')
    assert.notEqual(await state(), 'closed')
    await system.faults({})
    await eventually(state, (now) => now === 'closed')
    assert.deepEqual(
      await system.sql('select count(*) as n from messaging.go_sms_logs'),
      goRows,
      'the probe was no message',
    )
    assert.equal((await system.send({ to, body: 'closed' })).body.messages[0]?.source, 'go')
  })
})

describe('the legacy driver', () => {
  test('a refusal is failed, an unknown outcome is in doubt, and neither is tried again', async () => {
    await system.mode('OFF')
    await system.carrierFaults({ legacy: { refuse: true } })
    const refused = await system.send({ to, body: 'refused' })
    await system.carrierFaults({ legacy: { reset_after_accept: true } })
    const unknown = await system.send({ to, body: 'unknown' })
    await system.carrierFaults({ legacy: { swallow: true } })
    const silent = await system.send({ to, body: 'silent' })
    await system.carrierFaults({})
    const [a, b, c] = [refused, unknown, silent].map(({ body }) => body.messages[0])
    assert.deepEqual([a?.status, b?.status, c?.status], ['failed', 'unresolved', 'unresolved'])
    assert.deepEqual(await carried(a?.message_uuid ?? ''), [])
    for (const message of [b, c]) {
      assert.deepEqual(await logged(message?.message_uuid ?? ''), [{ source: 'legacy', status: 'in_doubt' }])
      assert.equal((await carried(message?.message_uuid ?? '')).length, 1)
    }
  })

  test('http: an existing application gets message_uuid and decides by its status', async () => {
    const seen: { message_uuid: string; to: string; body: string }[] = []
    let status = 200
    const application = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        assert.equal(request.headers.authorization, 'Bearer secret')
        seen.push(JSON.parse(Buffer.concat(chunks).toString()))
        response
          .writeHead(status, { 'content-type': 'application/json' })
          .end('{"provider_message_id":"lara-1"}')
      })
    })
    await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve))
    const { port } = application.address() as AddressInfo
    const url = `http://127.0.0.1:${port}/sms?from=baton`
    const driver = httpLegacyDriver({ url, token: 'secret', timeoutMs: 1_000, connectionsMax: 4 })
    const gateway = await startGateway(
      {
        host: '127.0.0.1',
        port: 0,
        legacyDatabaseUrl: system.database.gatewayUrl,
        ledgerDatabaseUrl: system.database.gatewayUrl,
        connectionsMax: 4,
        serviceUrl: system.serviceUrl,
        serviceSecret: null,
        recipientsMax: 10,
        entryDeadlineMs: 3_000,
        ledgerDeadlineMs: 1_000,
        breakerFailuresMax: 5,
        breakerProbeIntervalMs: 1_000,
        inDoubtAfterMs: 5_000,
        wantedMs: 60_000,
        keyedGraceMs: 300_000,
        scheduleDaysMax: 30,
      },
      driver,
      quiet,
    )
    after(async () => {
      await gateway.stop()
      application.close()
      application.closeAllConnections()
    })
    const send = async () => {
      const response = await fetch(`${gateway.url}/v1/sms`, {
        method: 'POST',
        headers: { authorization: `Bearer ${SEND_KEY}`, 'content-type': 'application/json' },
        body: JSON.stringify({ to, body: 'via application' }),
      })
      const { messages } = (await response.json()) as {
        messages: { message_uuid: string; status: string; provider_message_id: string | null }[]
      }
      return messages[0]
    }
    const sent = await send()
    assert.deepEqual([sent?.status, sent?.provider_message_id], ['sent', 'lara-1'])
    assert.deepEqual(seen[0], { message_uuid: sent?.message_uuid, to, body: 'via application' })
    for (const [answer, expected] of [
      [422, 'failed'],
      [500, 'unresolved'],
      [429, 'unresolved'],
      [307, 'unresolved'],
    ] as const) {
      status = answer
      assert.equal((await send())?.status, expected, `HTTP ${answer}`)
    }
    assert.equal(seen.length, 5, 'one call a message')
  })
})
