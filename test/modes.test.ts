// OFF, SHADOW and ON by the carrier's own log, quota once, SHADOW inert in both directions.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { reservedNumbers } from './support/numbers.ts'
import { eventually, startSystem, type System } from './support/system.ts'

const system = await startSystem()
const [a, b, c] = reservedNumbers(3)

async function quota() {
  const [row] = await system.sql<{ used: number; reserved: number }>(
    `select used, reserved from legacy.quota_accounts where tenant = 'demo'`,
  )
  return row
}

async function drained(): Promise<void> {
  const open = () =>
    system.sql<{ n: number }>(
      `select count(*) as n from messaging.execution_authority where state in ('claimed', 'dispatched')`,
    )
  await eventually(open, (rows) => rows[0]?.n === 0)
}

async function carriedBy(messages: readonly { message_uuid: string }[]) {
  const ids = new Set(messages.map(({ message_uuid }) => message_uuid))
  return (await system.carrier()).filter(({ reference }) => ids.has(reference))
}

const shadowStatus = async () =>
  (
    await system.call<{ shadow: Record<string, number> }>(
      'GET',
      '/operator/status',
      undefined,
      'test-operator-key',
    )
  ).body.shadow

/** What a caller can see of an answer, without what must differ. */
function visible(body: Awaited<ReturnType<System['send']>>['body']) {
  return body.messages.map(({ to, source, status, fallback, reason }) => ({
    to,
    source,
    status,
    fallback,
    reason,
  }))
}

test('OFF: legacy sends, the service is not called', async () => {
  const { status, body } = await system.send({ to: [a!, b!], body: 'off' })
  assert.equal(status, 202)
  assert.equal(body.mode, 'OFF')
  assert.deepEqual(
    body.messages.map(({ to }) => to),
    [a, b],
  )
  for (const message of body.messages) {
    assert.deepEqual([message.source, message.status, message.fallback], ['legacy', 'sent', null])
    assert.ok(message.provider_message_id)
  }
  assert.deepEqual(
    (await carriedBy(body.messages)).map(({ account }) => account),
    ['legacy', 'legacy'],
  )
  assert.deepEqual(await system.sql('select 1 from messaging.go_sms_logs'), [])
})

describe('SHADOW', () => {
  test('I4: legacy sends, the service runs dry: no provider call, no quota, the response as in OFF', async () => {
    const off = await system.send({ to: [a!, b!, a!], body: 'same' })
    await system.mode('SHADOW')
    const before = await quota()
    const shadowed = await system.send({ to: [a!, b!, a!], body: 'same' })
    assert.equal(shadowed.status, off.status)
    assert.deepEqual(visible(shadowed.body), visible(off.body))
    assert.deepEqual(Object.keys(shadowed.body), Object.keys(off.body))
    assert.equal(shadowed.body.messages.length, 2)
    assert.match(shadowed.body.messages[0]?.reason ?? '', /given 2 times: one message/)
    await eventually(shadowStatus, (counts) => counts['logged'] === 2)
    assert.deepEqual(await quota(), before)
    assert.deepEqual(
      (await carriedBy(shadowed.body.messages)).map(({ account }) => account),
      ['legacy', 'legacy'],
    )
    const rows = await system.sql<{ source: string; dry_run: boolean; status: string }>(
      `select source, dry_run, status from legacy.sms_logs
        where message_uuid = '${shadowed.body.messages[0]?.message_uuid}' order by dry_run`,
    )
    assert.deepEqual(rows, [
      { source: 'legacy', dry_run: false, status: 'sent' },
      { source: 'go', dry_run: true, status: 'accepted' },
    ])
  })

  test('I9: the brief’s two queries can be compared as they are', async () => {
    const go = await system.sql<{ message_uuid: string }>(
      `select message_uuid from legacy.sms_logs where source = 'go' order by 1`,
    )
    const service = await system.sql<{ message_uuid: string }>(
      'select message_uuid from messaging.go_sms_logs order by 1',
    )
    assert.ok(go.length > 0)
    assert.deepEqual(go, service)
  })

  test('a hung service changes neither the response nor its moment', async () => {
    await system.faults({ blackhole: true })
    const { body } = await system.send({ to: c!, body: 'hung' })
    assert.deepEqual([body.messages[0]?.source, body.messages[0]?.status], ['legacy', 'sent'])
    const counts = await eventually(shadowStatus, (now) => (now['failed'] ?? 0) > 0)
    assert.equal(counts['dropped'], 0)
    await system.faults({})
  })

  test('a message shadowed and later really sent behaves as if it had never been shadowed', async () => {
    const messageUuid = '01890000-0000-7000-8000-000000000001'
    const post = async (dryRun: boolean) => {
      const response = await fetch(`${system.serviceUrl}/v1/messages`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          dry_run: dryRun,
          messages: [{ message_uuid: messageUuid, to: a, body: 'twice' }],
        }),
      })
      return ((await response.json()) as { results: { status: string }[] }).results[0]?.status
    }
    assert.deepEqual([await post(true), await post(true)], ['accepted', 'accepted'])
    assert.deepEqual(
      await system.sql(`select 1 from messaging.execution_authority where message_uuid = '${messageUuid}'`),
      [],
    )
    assert.equal(await post(false), 'accepted', 'not a duplicate of its own rehearsal')
    assert.equal(await post(false), 'duplicate')
    await drained()
    assert.equal(await post(true), 'accepted', 'and the other way round')
    assert.equal((await carriedBy([{ message_uuid: messageUuid }])).length, 1)
  })
})

describe('ON', () => {
  test('the service sends; quota is charged once a message; both logs say so (I6, I7)', async () => {
    await system.mode('ON')
    const before = await quota()
    const { body } = await system.send({ to: [a!, b!, c!], body: 'on' })
    assert.equal(body.mode, 'ON')
    for (const message of body.messages)
      assert.deepEqual([message.source, message.status], ['go', 'accepted'])
    await drained()
    assert.deepEqual(
      (await carriedBy(body.messages)).map(({ account }) => account),
      ['service', 'service', 'service'],
    )
    assert.deepEqual(await quota(), { used: (before?.used ?? 0) + 3, reserved: 0 })
    const rows = await system.sql(
      `select s.source, s.status, g.status as go_status, g.provider_message_id is not null as has_id
        from legacy.sms_logs s join messaging.go_sms_logs g using (message_uuid, dry_run)
        where message_uuid = '${body.messages[0]?.message_uuid}'`,
    )
    assert.deepEqual(rows, [{ source: 'go', status: 'accepted', go_status: 'sent', has_id: true }])
    const view = await system.call<{ authority: object; provider_message_id: string }>(
      'GET',
      `/v1/sms/${body.messages[0]?.message_uuid}`,
      undefined,
      'test-send-key',
    )
    assert.deepEqual(view.body.authority, { state: 'sent', holder: 'go' })
    assert.ok(view.body.provider_message_id)
  })

  test('a legacy fallback is not charged, it is counted', async () => {
    const before = await quota()
    await system.faults({ refuse: true })
    const { body } = await system.send({ to: a!, body: 'fallback' })
    await system.faults({})
    assert.equal(body.messages[0]?.fallback, 'transport')
    assert.deepEqual(await quota(), { used: before?.used, reserved: 0 })
    const counted = await system.sql(
      `select fallback from legacy.sms_logs where message_uuid = '${body.messages[0]?.message_uuid}'`,
    )
    assert.deepEqual(counted, [{ fallback: 'transport' }])
  })

  test('a ramp keeps recipients in their cohorts: some by the service, the others shadowed', async () => {
    await system.mode('ON', { ramp_percent: 50 })
    const to = reservedNumbers(60)
    const first = await system.send({ to, body: 'ramp' })
    const again = await system.send({ to, body: 'ramp' })
    assert.deepEqual(
      visible(first.body).map(({ source }) => source),
      visible(again.body).map(({ source }) => source),
    )
    const sources = new Set(first.body.messages.map(({ source }) => source))
    assert.deepEqual([...sources].sort(), ['go', 'legacy'])
    await drained()
    for (const message of [...first.body.messages, ...again.body.messages]) {
      const [entry, ...rest] = await carriedBy([message])
      assert.equal(entry?.account, message.source === 'go' ? 'service' : 'legacy')
      assert.deepEqual(rest, [])
    }
    await system.mode('ON')
  })

  test('a tenant can have a mode of its own', async () => {
    const set = await system.mode('OFF', { tenant: 'demo' })
    assert.equal(set.status, 200)
    const { body } = await system.send({ to: a!, body: 'tenant' })
    assert.equal(body.mode, 'OFF')
    const view = await system.call<{
      scope: string
      mode: string
      tenants: { scope: string; mode: string }[]
    }>('GET', '/operator/mode', undefined, 'test-operator-key')
    assert.equal(view.body.mode, 'ON')
    assert.deepEqual(
      view.body.tenants.map(({ scope, mode }) => ({ scope, mode })),
      [{ scope: 'demo', mode: 'OFF' }],
    )
  })
})
