// Delivery receipts: from the vendor's callback to go_sms_logs, and on to the gateway's sms_logs.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { recordReports } from '../src/gateway/status-reports.ts'
import { conservation, reconciliation, type Question } from '../src/reconcile/pairs.ts'
import { reconcile } from '../src/reconcile/reconcile.ts'
import { everything } from '../src/reconcile/window.ts'
import { freePorts } from './support/processes.ts'
import { eventually, startSystem } from './support/system.ts'
import { RECEIPT_TOKEN, routed, startVendor } from './support/vendors.ts'

const SECRET = 'a-shared-secret'
const [gatewayPort = 0] = await freePorts(1)
const vendor = await startVendor('vendor')
const system = await startSystem({
  providers: () => ({ list: [routed(vendor)], senderPaces: {} }),
  gateway: { port: gatewayPort, serviceSecret: SECRET },
  service: { gatewayUrl: `http://127.0.0.1:${gatewayPort}`, secret: SECRET },
})
await system.mode('ON')

interface Logged {
  status: string
  delivery_status: string | null
  provider_message_id: string | null
}

const logged = async (uuid: string) =>
  (
    await system.sql<Logged>(
      `select status, delivery_status, provider_message_id from legacy.sms_logs where message_uuid = '${uuid}'`,
    )
  )[0]
async function untilLogged(uuid: string, delivery: string): Promise<Logged> {
  const row = await eventually(
    () => logged(uuid),
    (found) => found?.delivery_status === delivery,
  )
  assert.ok(row)
  return row
}

async function sendOne(): Promise<string> {
  const { body } = await system.send({ to: '+12025550121', body: 'hello' })
  return body.messages[0]?.message_uuid ?? ''
}

async function callBack(receipt: object, token = RECEIPT_TOKEN): Promise<number> {
  const response = await fetch(`${system.serviceUrl}/receipts/vendor`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-token': token },
    body: JSON.stringify(receipt),
  })
  await response.text()
  return response.status
}

describe('receipts', () => {
  test('the outcome and the provider’s id reach sms_logs; the verdict stays as it was', async () => {
    const uuid = await sendOne()
    assert.deepEqual(await untilLogged(uuid, 'sent'), {
      status: 'accepted',
      delivery_status: 'sent',
      provider_message_id: vendor.idOf(uuid),
    })
  })

  test('out of order and doubled: the status only moves forward', async () => {
    const uuid = await sendOne()
    await untilLogged(uuid, 'sent')
    const id = vendor.idOf(uuid)
    for (const status of ['delivered', 'sent', 'failed', 'delivered']) {
      assert.equal(await callBack({ id, status }), 202)
    }
    await untilLogged(uuid, 'delivered')
    assert.equal(await callBack({ id, status: 'failed' }), 202)
    await system.sql('select pg_sleep(1.2)')
    assert.equal((await logged(uuid))?.delivery_status, 'delivered')
    const rows = await system.sql(`select status from messaging.receipts where provider_message_id = '${id}'`)
    assert.equal(rows.length, 3, 'each (id, status) once')
  })

  test('before the answer of the send: it waits as an orphan and is matched when the id is known', async () => {
    const [{ known } = { known: 0 }] = await system.sql<{ known: number }>(
      'select count(*) as known from messaging.receipts',
    )
    assert.equal(await callBack({ id: 'vendor-later', status: 'delivered' }), 202)
    await eventually(
      () =>
        system.sql<{ n: number }>(`select count(*) as n from messaging.receipts where message_uuid is null`),
      ([row]) => row?.n === 1,
    )
    assert.ok(known >= 3)
    const uuid = await sendOne()
    await untilLogged(uuid, 'sent')
    await system.sql(
      `update messaging.go_sms_logs set provider_message_id = 'vendor-later' where message_uuid = '${uuid}'`,
    )
    assert.equal((await untilLogged(uuid, 'delivered'))?.provider_message_id, 'vendor-later')
  })

  test('one that fits nothing for five minutes is told as an orphan, until it fits', async () => {
    const orphans = async () =>
      /^baton_service_receipts_orphaned (\d+)$/m.exec(
        await (await fetch(`${system.serviceUrl}/metrics`)).text(),
      )?.[1]
    assert.equal(await orphans(), '0')
    assert.equal(await callBack({ id: 'vendor-strange', status: 'delivered' }), 202)
    assert.equal(await orphans(), '0', 'it may be about a send that is not answered yet')
    await system.sql(
      `update messaging.receipts set received_at = now() - interval '6 minutes' where provider_message_id = 'vendor-strange'`,
    )
    assert.equal(await orphans(), '1')
    await system.sql(
      `update messaging.receipts set match_at = null where provider_message_id = 'vendor-strange'`,
    )
    assert.equal(await orphans(), '0')
  })

  test('forged: 401 and no effect; for nobody’s provider: 404', async () => {
    const uuid = await sendOne()
    await untilLogged(uuid, 'sent')
    assert.equal(await callBack({ id: vendor.idOf(uuid), status: 'delivered' }, 'guess'), 401)
    const response = await fetch(`${system.serviceUrl}/receipts/nobody`, { method: 'POST', body: '{}' })
    assert.equal(response.status, 404)
    assert.equal((await fetch(`${system.serviceUrl}/receipts/vendor`)).status, 401, 'GET is judged as well')
    const rows = await system.sql(
      `select 1 from messaging.receipts where provider_message_id = '${vendor.idOf(uuid)}'`,
    )
    assert.deepEqual(rows, [])
  })

  test('a receipt for a message that was proven not sent withdraws it: nobody sends it again', async () => {
    vendor.course = 'slow_down'
    const uuid = await sendOne()
    await eventually(
      () =>
        system.sql(
          `select 1 from messaging.execution_authority
           where message_uuid = '${uuid}' and state = 'claimed' and attempts = 1`,
        ),
      (rows) => rows.length === 1,
    )
    await callBack({ id: 'vendor-liar', status: 'delivered', reference: uuid })
    await untilLogged(uuid, 'void')
    vendor.course = 'accept'
    assert.ok(!vendor.sent.includes(uuid))
  })
})

describe('status reports', () => {
  const url = `http://127.0.0.1:${gatewayPort}/v1/status-reports`
  const report = (uuid: string, version: number, status: 'sent' | 'delivered') => ({
    message_uuid: uuid,
    version,
    status,
    provider_message_id: 'p',
    error: null,
    at_ms: 1_800_000_000_000,
  })

  test('unsigned or forged: 401 and no effect', async () => {
    const uuid = await sendOne()
    await untilLogged(uuid, 'sent')
    for (const headers of [{}, { 'baton-signature': `t=${Date.now()},v1=${'0'.repeat(64)}` }]) {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ reports: [report(uuid, 99, 'delivered')] }),
      })
      assert.equal(response.status, 401)
    }
    assert.equal((await logged(uuid))?.delivery_status, 'sent')
  })

  test('an older version changes nothing; a message that is not logged yet is named', async () => {
    const uuid = await sendOne()
    await untilLogged(uuid, 'sent')
    const stranger = '01890000-0000-7000-8000-00000000beef'
    const { gateway } = system.database
    assert.deepEqual(
      await recordReports(gateway, [report(uuid, 50, 'delivered'), report(stranger, 1, 'sent')]),
      [stranger],
    )
    assert.deepEqual(await recordReports(gateway, [report(uuid, 49, 'sent')]), [])
    assert.equal((await logged(uuid))?.delivery_status, 'delivered')
  })
})

describe('accepted, and not sent in the end', () => {
  const check = (question: Question) =>
    reconcile({
      legacy: system.database.gateway,
      messaging: system.database.gateway,
      question,
      window: everything,
      graceMs: 0,
    })

  test('refused, opted out inside the claim, past its validity: the verdict stays, no mismatch', async () => {
    const send = async (to: string) =>
      (await system.send({ to, body: 'x' })).body.messages[0]?.message_uuid ?? ''
    vendor.course = 'refuse_message'
    const refused = await send('+12025550122')
    await untilLogged(refused, 'refused')
    // Proven not sent and claimed again, to be tried later.
    vendor.course = 'slow_down'
    const stopped = await send('+12025550123')
    await system.sql(
      `insert into messaging.opt_outs (recipient, reason, actor) values ('+12025550123', 'test', 'test')`,
    )
    const late = await send('+12025550124')
    await eventually(
      () =>
        system.sql(
          `update messaging.execution_authority set valid_until = now() + interval '100 milliseconds'
           where message_uuid = '${late}' and state = 'claimed' returning message_uuid`,
        ),
      (rows) => rows.length === 1,
    )
    for (const uuid of [stopped, late]) {
      const { status, delivery_status } = await untilLogged(uuid, 'void')
      assert.deepEqual([status, delivery_status], ['accepted', 'void'])
    }
    vendor.course = 'accept'
    for (const question of [reconciliation, conservation])
      assert.deepEqual((await check(question)).findings, [], 'all was told')
    await system.sql(
      `update legacy.sms_logs set delivery_status = null where message_uuid in ('${refused}', '${late}')`,
    )
    const { findings, verdict } = await check(reconciliation)
    assert.equal(verdict, 'FAIL')
    assert.deepEqual(
      new Set(findings.map(({ kind, messageUuid }) => `${kind} ${messageUuid}`)),
      new Set([`ending_untold ${refused}`, `ending_untold ${late}`]),
    )
  })
})
