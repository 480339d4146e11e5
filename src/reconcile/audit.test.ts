import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { testDatabase } from '../../test/support/database.ts'
import { populate } from '../../test/support/population.ts'
import { seedTenant, sql as runSql, TENANT } from '../../test/support/system.ts'
import { audit } from './audit.ts'
import { findSilence, readSilence } from './volume.ts'
import { everything } from './window.ts'

const DAY_MS = 86_400_000
const database = await testDatabase()
await seedTenant(database)
await populate(database, { messages: 2_000, startMs: Date.now() - 2 * DAY_MS, spanMs: DAY_MS })
const sql = <Row = Record<string, unknown>>(text: string) => runSql<Row>(database, text)
const run = () => audit({ legacy: database.gateway, messaging: database.gateway, window: everything })

async function tamper(...texts: string[]): Promise<void> {
  await database.admin.transaction(async (runner) => {
    for (const text of texts) await runner.run({ name: '', text })
  })
}
const uuidOf = async (i: number): Promise<string> => {
  const [row] = await sql<{ message_uuid: string }>(`select message_uuid from population where i = ${i}`)
  assert.ok(row)
  return row.message_uuid
}
const named = ({ report }: Awaited<ReturnType<typeof run>>) =>
  report.findings.map(
    ({ kind, messageUuid, inFlight }) => `${inFlight ? 'in flight ' : ''}${kind} ${messageUuid}`,
  )

describe('conservation audit', () => {
  test('I12: a system at rest is balanced, three ways', async () => {
    const { verdict, balance, ledger, imbalance } = await run()
    assert.equal(verdict, 'PASS')
    assert.deepEqual(balance, {
      entered: 2_000,
      legacy_sent: 600,
      service_accepted: 1_000,
      rejected: 200,
      failed: 200,
      in_doubt: 0,
      unresolved: 0,
      scheduled: 0,
      open: 0,
    })
    assert.deepEqual([imbalance, ledger], [0, { go: 1_000, legacy: 800, nobody: 200 }])
  })

  test('I12: a message that vanished is named, and one that nobody entered', async () => {
    const [vanished, invented] = [await uuidOf(105), await uuidOf(207)]
    await tamper(
      `create table kept_sms as select * from legacy.sms_logs where message_uuid = '${vanished}'`,
      `create table kept_request as select * from legacy.requests where '${invented}' = any (message_uuids)`,
      `delete from legacy.sms_logs where message_uuid = '${vanished}'`,
      `delete from legacy.requests where '${invented}' = any (message_uuids)`,
    )
    const broken = await run()
    assert.equal(broken.verdict, 'FAIL')
    assert.deepEqual(named(broken).sort(), [`not_accounted ${vanished}`, `not_entered ${invented}`].sort())
    assert.equal(broken.imbalance, 1)
    await tamper(
      'insert into legacy.sms_logs select * from kept_sms',
      'insert into legacy.requests select * from kept_request',
    )
    assert.deepEqual(named(await run()), [])
  })

  test('what the ledger has otherwise is named: two errors that cancel in the sums are two findings', async () => {
    const [one, other] = [await uuidOf(305), await uuidOf(300)]
    const swap = (first: string, second: string) => [
      'set local session_replication_role = replica',
      `update messaging.execution_authority set holder = '${first}' where message_uuid = '${one}'`,
      `update messaging.execution_authority set holder = '${second}' where message_uuid = '${other}'`,
    ]
    // Without the triggers no bucket is marked: a tampering that only a full run sees.
    await tamper(...swap('legacy', 'go'))
    assert.deepEqual(named(await run()), [])
    const full = await audit({
      legacy: database.gateway,
      messaging: database.gateway,
      window: everything,
      isFull: true,
    })
    assert.deepEqual([full.ledger.go, full.imbalance], [1_000, 0])
    assert.deepEqual(
      new Set(full.report.findings.map(({ messageUuid }) => messageUuid)),
      new Set([one, other]),
    )
    await tamper(...swap('go', 'legacy'))
    await audit({ legacy: database.gateway, messaging: database.gateway, window: everything, isFull: true })
    assert.deepEqual(named(await run()), [])
  })

  test('what the gateway still works on is in flight, until that has taken too long', async () => {
    const uuid = await uuidOf(405)
    await tamper(
      `create table kept_note as select * from legacy.sms_logs where message_uuid = '${uuid}'`,
      `delete from legacy.sms_logs where message_uuid = '${uuid}'`,
      `insert into legacy.unresolved_messages (message_uuid, request_id, reason, noted_at)
       select '${uuid}', request_id, 'test', now() - interval '5 minutes' from kept_note`,
    )
    const waiting = await run()
    assert.deepEqual([waiting.verdict, named(waiting)], ['PASS', [`in flight not_accounted ${uuid}`]])
    assert.deepEqual([waiting.balance.unresolved, waiting.imbalance], [1, 0])
    await sql(`update legacy.unresolved_messages set noted_at = now() - interval '1 hour'`)
    const stuck = await run()
    assert.deepEqual([stuck.verdict, named(stuck)], ['FAIL', [`not_accounted ${uuid}`]])

    await tamper(
      'delete from legacy.unresolved_messages',
      `update legacy.requests set answered_at = null, received_at = now() where '${uuid}' = any (message_uuids)`,
    )
    const open = await run()
    assert.deepEqual([open.verdict, open.balance.open], ['PASS', 1])
    await tamper(
      `update legacy.requests set answered_at = received_at where '${uuid}' = any (message_uuids)`,
      'insert into legacy.sms_logs select * from kept_note',
    )
    assert.deepEqual(named(await run()), [])
  })
})

describe('stopped sending', () => {
  const stretches = (...messages: number[]) =>
    messages.map((count, stretch) => ({ tenant: 't', stretch, messages: count }))

  test('silence against a steady past is an alarm; a lull, a lone campaign and small traffic are none', () => {
    assert.deepEqual(findSilence(stretches(0, 100, 90, 110, 100, 95, 105)), [
      { tenant: 't', sent: 0, expected: 100 },
    ])
    assert.equal(findSilence(stretches(19, 100, 90, 110, 100, 95, 105)).length, 1)
    assert.deepEqual(findSilence(stretches(20, 100, 90, 110, 100, 95, 105)), [])
    assert.deepEqual(findSilence(stretches(0, 5_000, 0, 0, 0, 0, 0)), [])
    assert.deepEqual(findSilence(stretches(0, 19, 19, 19, 19, 19, 19)), [])
    assert.deepEqual(findSilence([]), [])
  })

  test('it is read by the database’s clock, a tenant at a time, and closes the audit', async () => {
    await sql(
      `insert into legacy.sms_logs (message_uuid, source, status, request_id, tenant, recipient, mode, epoch, created_at)
       select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7000' || '8000' || lpad(to_hex(i), 12, '0'))::uuid,
         'legacy', 'sent', gen_random_uuid(), case when i % 2 = 0 then 'quiet' else 'busy' end, '+12025550100', 'OFF', 1, at
       from generate_series(0, 2000) i, lateral (select now() - i * interval '1 second') t (at)
       where i % 2 = 1 or i > 300`,
    )
    const silence = await readSilence(database.gateway, Date.now())
    assert.deepEqual(
      silence.map(({ tenant, sent }) => [tenant, sent]),
      [['quiet', 0]],
    )
    assert.equal((await run()).verdict, 'FAIL')
    await sql(`delete from legacy.sms_logs where tenant <> '${TENANT}'`)
  })
})
