// The carrier calls back: delivery statuses reach sms_logs, and STOP keeps a number from being written to.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { uuidv7 } from 'uuidv7'
import { createCounters } from '../src/service/counters.ts'
import { createTakeTexts } from '../src/service/inbound.ts'
import { freePorts } from './support/processes.ts'
import { eventually, keywords, startSystem } from './support/system.ts'

const [gatewayPort = 0] = await freePorts(1)
const system = await startSystem({
  callbacks: true,
  gateway: { port: gatewayPort },
  service: { gatewayUrl: `http://127.0.0.1:${gatewayPort}` },
})
await system.mode('ON')

const SENDER = '+12025550190'
const OTHER = '+12025550191'

const delivery = async (uuid: string) =>
  (
    await system.sql<{ delivery_status: string | null }>(
      `select delivery_status from legacy.sms_logs where message_uuid = '${uuid}'`,
    )
  )[0]?.delivery_status
const untilDelivery = (uuid: string, wanted: string) =>
  eventually(
    () => delivery(uuid),
    (is) => is === wanted,
  )

async function send(to: string, from?: string) {
  const { body } = await system.send({ to, body: 'hello', ...(from === undefined ? {} : { from }) })
  const [message] = body.messages
  return { uuid: message?.message_uuid ?? '', status: message?.status, reason: message?.reason }
}
const statusOf = async (to: string, from?: string) => (await send(to, from)).status

async function call(method: string, path: string, body: object): Promise<number> {
  const response = await fetch(system.sandbox.url + path, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  await response.text()
  return response.status
}
const reply = (from: string, to: string | null, body: string) =>
  call('POST', '/replies', { account: 'service', from, to, body })
const optOuts = (recipient: string) =>
  system.sql<{ sender: string; actor: string }>(
    `select sender, actor from messaging.opt_outs where recipient = '${recipient}' order by sender`,
  )
async function counted(what: string): Promise<number> {
  const text = await (await fetch(`${system.serviceUrl}/metrics`)).text()
  return Number(new RegExp(`^baton_service_events_total\\{what="${what}"\\} (\\d+)$`, 'm').exec(text)?.[1])
}

describe('delivery statuses of the carrier', () => {
  test('reach sms_logs; the verdict stays as it was', async () => {
    const { uuid } = await send('+12025550110')
    await untilDelivery(uuid, 'delivered')
    const [row] = await system.sql<{ status: string; source: string }>(
      `select status, source from legacy.sms_logs where message_uuid = '${uuid}'`,
    )
    assert.deepEqual(row, { status: 'accepted', source: 'go' })
  })

  test('doubled and out of order: delivered stays; a repeated one is counted', async () => {
    const before = await counted('receipts_repeated')
    await system.carrierFaults({ service: { receipt_disorder: true, receipt_duplicate: true } })
    const { uuid } = await send('+12025550111')
    await untilDelivery(uuid, 'delivered')
    await eventually(
      () => counted('receipts_repeated'),
      (times) => times >= before + 2,
    )
    assert.equal(await delivery(uuid), 'delivered')
    await system.carrierFaults({})
  })

  test('dropped ones never come, late ones do', async () => {
    await system.carrierFaults({ service: { receipt_drop: true } })
    const dropped = await send('+12025550112')
    await untilDelivery(dropped.uuid, 'sent')
    await system.carrierFaults({ service: { receipt_late_ms: 400 } })
    const late = await send('+12025550112')
    await untilDelivery(late.uuid, 'delivered')
    await system.carrierFaults({})
    assert.equal(await delivery(dropped.uuid), 'sent')
    const ids = await system.sql(
      `select 1 from messaging.receipts r join messaging.go_sms_logs l using (provider_message_id)
       where l.message_uuid = '${dropped.uuid}'`,
    )
    assert.deepEqual(ids, [])
  })

  test('a message whose answer was lost stays in doubt: the carrier names its own id alone', async () => {
    await system.carrierFaults({ service: { swallow: true } })
    const { uuid } = await send('+12025550113')
    await eventually(system.carrier, (log) => log.some(({ reference }) => reference === uuid))
    await system.carrierFaults({})
    await eventually(
      () =>
        system.sql<{ state: string }>(
          `select state from messaging.execution_authority where message_uuid = '${uuid}'`,
        ),
      ([row]) => row?.state === 'in_doubt',
    )
    await eventually(
      () =>
        system.sql(`select 1 from messaging.receipts where status = 'delivered' and message_uuid is null`),
      (rows) => rows.length === 1,
    )
    assert.ok((await counted('receipts_orphaned')) > 0)
  })

  test('what is not signed by the carrier is refused', async () => {
    const before = await counted('receipts_forged')
    const response = await fetch(`${system.serviceUrl}/receipts/sandbox-service`, {
      method: 'POST',
      headers: {
        'x-carrier-timestamp': String(Math.floor(Date.now() / 1_000)),
        'x-carrier-signature': 'a'.repeat(64),
      },
      body: JSON.stringify({ replies: [{ id: '1', from: '+12025550114', to: null, body: 'STOP', at: '' }] }),
    })
    await response.text()
    assert.equal(response.status, 401)
    assert.equal(await counted('receipts_forged'), before + 1)
    assert.deepEqual(await optOuts('+12025550114'), [])
  })
})

describe('STOP', () => {
  test('keeps the number from being written to by that sender, until START', async () => {
    const number = '+12025550120'
    assert.equal(await statusOf(number, SENDER), 'accepted')
    assert.equal(await reply(number, SENDER, ' Stop. '), 202)
    assert.deepEqual(await optOuts(number), [{ sender: SENDER, actor: 'text to sandbox-service' }])
    const refused = await send(number, SENDER)
    assert.deepEqual([refused.status, refused.reason], ['rejected', 'to: has opted out'])
    assert.equal(await statusOf(number), 'rejected', 'a sender of the provider’s choice may be that one')
    assert.equal(await statusOf(number, OTHER), 'accepted')
    assert.equal(await statusOf('+12025550121', SENDER), 'accepted')
    assert.equal(await reply(number, OTHER, 'START'), 202)
    assert.equal(await statusOf(number, SENDER), 'rejected', 'START to another sender')
    assert.equal(await reply(number, SENDER.slice(1), 'unstop'), 202)
    assert.deepEqual(await optOuts(number), [])
    assert.equal(await statusOf(number, SENDER), 'accepted')
    await reply(number, SENDER.slice(1), 'STOP')
    assert.equal(await statusOf(number, SENDER), 'rejected', 'vendors leave the plus sign out')
  })

  test('a START that is replayed, or comes late, does not undo the STOP after it', async () => {
    const number = '+12025550127'
    const counters = createCounters()
    const take = createTakeTexts(system.database.service, keywords, counters)
    const write = (id: string, text: string, seconds: number) =>
      take('vendor', [
        { id, from: number, to: SENDER, text, at: new Date(1_800_000_000_000 + seconds * 1_000) },
      ])
    await write('1', 'STOP', 0)
    await write('2', 'START', 10)
    assert.deepEqual(await optOuts(number), [])
    await write('3', 'STOP', 20)
    await write('2', 'START', 10)
    await write('2', 'START', 30)
    await write('4', 'START', 15)
    assert.deepEqual(await optOuts(number), [{ sender: SENDER, actor: 'text to vendor' }])
    const { texts_stop, texts_start, texts_repeated } = counters.values()
    assert.deepEqual([texts_stop, texts_start, texts_repeated], [2, 2, 2])
    await write('5', 'START', 40)
    assert.deepEqual(await optOuts(number), [])
  })

  test('to no sender in particular it holds for all of them', async () => {
    const number = '+12025550122'
    await reply(number, null, 'UNSUBSCRIBE')
    assert.deepEqual(
      [await statusOf(number, SENDER), await statusOf(number, OTHER)],
      ['rejected', 'rejected'],
    )
    await reply(number, SENDER, 'START')
    assert.equal(await statusOf(number, SENDER), 'rejected')
    await reply(number, null, 'START')
    assert.equal(await statusOf(number, SENDER), 'accepted')
  })

  test('what an operator has stopped no text starts again', async () => {
    const number = '+12025550123'
    await system.sql(
      `insert into messaging.opt_outs (recipient, sender, reason, actor) values ('${number}', '', 'a court', 'operator')`,
    )
    await reply(number, null, 'START')
    assert.equal((await optOuts(number)).length, 1)
  })

  test('anything else is counted, and nothing of it is kept', async () => {
    const number = '+12025550124'
    const before = await counted('texts_ignored')
    for (const text of ['please stop writing to me', 'STOPPED', 'canary-77']) {
      assert.equal(await reply(number, SENDER, text), 202)
    }
    assert.equal(await counted('texts_ignored'), before + 3)
    assert.equal(await statusOf(number, SENDER), 'accepted')
    const [kept] = await system.sql<{ n: number }>(
      `select count(*)::integer as n from messaging.inbound_choices where recipient = '${number}'`,
    )
    assert.equal(kept?.n, 0)
  })

  test('what was claimed before is void when its time comes', async () => {
    const number = '+12025550125'
    const uuid = uuidv7()
    const row = `from messaging.execution_authority where message_uuid = '${uuid}'`
    await system.sql(
      `insert into messaging.execution_authority (message_uuid, state, holder, attempt_token, lane, not_before)
       values ('${uuid}', 'claimed', 'go', gen_random_uuid(), 'sandbox-service', 'infinity')`,
    )
    await system.sql(
      `insert into messaging.go_sms_logs (message_uuid, dry_run, recipient, sender, body, status)
       values ('${uuid}', false, '${number}', '${SENDER}', 'later', 'accepted')`,
    )
    await reply(number, SENDER, 'STOP')
    await system.sql(
      `update messaging.execution_authority set not_before = now() where message_uuid = '${uuid}'`,
    )
    const [found] = await eventually(
      () => system.sql<{ state: string; reason: string }>(`select state, reason ${row}`),
      ([now]) => now?.state !== 'claimed',
    )
    assert.deepEqual(found, { state: 'void', reason: 'to: has opted out' })
  })

  test('an account that nobody listens for: 404; one that is away: 503', async () => {
    assert.equal(
      await call('POST', '/replies', { account: 'legacy', from: '+12025550126', to: null, body: 'STOP' }),
      404,
    )
    const [port = 0] = await freePorts(1)
    await call('PUT', '/callbacks', { legacy: `http://127.0.0.1:${port}/`, service: null })
    assert.equal(
      await call('POST', '/replies', { account: 'legacy', from: '+12025550126', to: null, body: 'STOP' }),
      503,
    )
    assert.equal(await call('PUT', '/callbacks', { service: 'file:///etc' }), 400)
  })
})
