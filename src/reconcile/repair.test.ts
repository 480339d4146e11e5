import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, test } from 'node:test'
import { testDatabase } from '../../test/support/database.ts'
import { populate } from '../../test/support/population.ts'
import { seedTenant, sql as runSql, TENANT } from '../../test/support/system.ts'
import { audit } from './audit.ts'
import { reconciliation } from './pairs.ts'
import { GRACE_MS, reconcile, WORK_LIST_GRACE_MS } from './reconcile.ts'
import { repairFinding, type RepairResult } from './repair.ts'
import { everything } from './window.ts'

const DAY_MS = 86_400_000
const database = await testDatabase()
await seedTenant(database)
await populate(database, { messages: 1_000, startMs: Date.now() - 2 * DAY_MS, spanMs: DAY_MS })
const sql = <Row = Record<string, unknown>>(text: string) => runSql<Row>(database, text)
const sides = { legacy: database.gateway, messaging: database.gateway }
const run = () => reconcile({ ...sides, question: reconciliation, window: everything })
const grace = { graceMs: GRACE_MS, workListGraceMs: WORK_LIST_GRACE_MS }

async function repairAll(execute: boolean): Promise<RepairResult[]> {
  const { findings, run_id: runId } = await run()
  const results: RepairResult[] = []
  for (const finding of findings)
    results.push(await repairFinding({ ...sides, runId, grace, execute, actor: 'test' }, finding))
  return results
}

const uuidOf = async (i: number): Promise<string> => {
  const [row] = await sql<{ message_uuid: string }>(`select message_uuid from population where i = ${i}`)
  assert.ok(row)
  return row.message_uuid
}
const account = async () =>
  (
    await sql(`select used::integer, reserved::integer from legacy.quota_accounts where tenant = '${TENANT}'`)
  )[0]
const repairs = () =>
  sql<{ action: string }>('select action from legacy.reconcile_repairs order by repair_id')
const smsOf = (uuid: string) =>
  sql(
    `select source, dry_run, status from legacy.sms_logs where message_uuid = '${uuid}' order by source, dry_run`,
  )

describe('repair', () => {
  test('a missing verdict: planned first, then written with quota and recorded, then nothing is left', async () => {
    const uuid = await uuidOf(105)
    await sql(`update legacy.quota_accounts set reserved = 1, used = 0`)
    await sql(`delete from legacy.sms_logs where message_uuid = '${uuid}'`)
    await sql(`delete from legacy.quota_settlements where message_uuid = '${uuid}'`)
    const planned = await repairAll(false)
    assert.deepEqual(
      planned.map(({ result, repair }) => [result, repair]),
      [['planned', { action: 'write_verdict', status: 'accepted' }]],
    )
    assert.deepEqual(
      [await smsOf(uuid), await repairs(), await account()],
      [[], [], { used: 0, reserved: 1 }],
    )

    assert.deepEqual(
      (await repairAll(true)).map(({ result }) => result),
      ['repaired'],
    )
    assert.deepEqual(await smsOf(uuid), [{ source: 'go', dry_run: false, status: 'accepted' }])
    assert.deepEqual(await account(), { used: 1, reserved: 0 })
    assert.deepEqual(await repairs(), [{ action: 'write_verdict' }])
    assert.deepEqual(await repairAll(true), [])
    const { verdict, imbalance, balance } = await audit({ ...sides, window: everything })
    assert.deepEqual([verdict, imbalance, balance.entered], ['PASS', 0, 1_000])
  })

  test('a missing dry run is written; quota does not move', async () => {
    const before = await account()
    const uuid = await uuidOf(201)
    await sql(`delete from legacy.sms_logs where message_uuid = '${uuid}' and dry_run`)
    assert.deepEqual(
      (await repairAll(true)).map(({ repair }) => repair),
      [{ action: 'write_dry_verdict', status: 'accepted' }],
    )
    assert.deepEqual(await account(), before)
    assert.deepEqual(await repairAll(true), [])
  })

  test('an ending that was not told is written beside the verdict, which stays; a later report stands', async () => {
    const uuid = await uuidOf(405)
    const before = await account()
    await sql('alter table messaging.execution_authority disable trigger guard_authority')
    await sql(
      `update messaging.execution_authority set state = 'void', holder = null where message_uuid = '${uuid}'`,
    )
    await sql(
      `update messaging.go_sms_logs set status = 'void', reason = 'valid_until has passed', updated_at = now() - interval '1 day'
       where message_uuid = '${uuid}'`,
    )
    await sql('alter table messaging.execution_authority enable trigger guard_authority')
    const ending = { action: 'write_ending', status: 'void' }
    assert.deepEqual(
      (await repairAll(false)).map(({ result, repair }) => [result, repair]),
      [['planned', ending]],
    )
    assert.deepEqual(
      (await repairAll(true)).map(({ result, repair }) => [result, repair]),
      [['repaired', ending]],
    )
    const row = () =>
      sql(
        `select status, delivery_status, delivery_error, delivery_version from legacy.sms_logs where message_uuid = '${uuid}'`,
      )
    const written = { delivery_status: 'void', delivery_error: 'valid_until has passed', delivery_version: 1 }
    assert.deepEqual(await row(), [{ status: 'accepted', ...written }])
    assert.deepEqual(await account(), before)
    assert.deepEqual(await repairAll(true), [])
  })

  test('a wrong status is corrected to the service’s record, and quota follows it', async () => {
    await sql('update legacy.quota_accounts set reserved = 0, used = 5')
    const uuid = await uuidOf(307)
    await sql(`update legacy.sms_logs set status = 'rejected' where message_uuid = '${uuid}'`)
    await sql(`update legacy.quota_settlements set charged = false where message_uuid = '${uuid}'`)
    const results = await repairAll(true)
    assert.deepEqual(
      results.map(({ repair, result }) => [repair, result]),
      [[{ action: 'correct_verdict', status: 'accepted' }, 'repaired']],
    )
    assert.deepEqual(await account(), { used: 6, reserved: 0 })
    assert.deepEqual(await repairAll(true), [])
  })

  test('wrong quota is settled both ways; an account without room is left alone', async () => {
    await sql('update legacy.quota_accounts set reserved = 0, used = 5')
    const [charged, released] = [await uuidOf(408), await uuidOf(412)]
    await sql(
      `update legacy.quota_settlements set charged = not charged where message_uuid in ('${charged}', '${released}')`,
    )
    assert.deepEqual(
      (await repairAll(true)).map(({ result }) => result),
      ['repaired', 'repaired'],
    )
    assert.deepEqual(await account(), { used: 5, reserved: 0 })
    assert.deepEqual(await repairAll(true), [])

    await sql(`update legacy.quota_settlements set charged = false where message_uuid = '${charged}'`)
    await sql('update legacy.quota_accounts set quota_limit = 5')
    const [left] = await repairAll(true)
    assert.equal(left?.result, 'left')
    assert.match(left.detail, /never_over_the_limit/)
    assert.deepEqual(await account(), { used: 5, reserved: 0 })
    await sql('update legacy.quota_accounts set quota_limit = 1000')
    assert.deepEqual(
      (await repairAll(true)).map(({ result }) => result),
      ['repaired'],
    )
  })

  test('what the service lacks is never written, and a second send never touched', async () => {
    const [missing, twice] = [await uuidOf(505), await uuidOf(506)]
    const logged = (await repairs()).length
    await sql(`delete from messaging.go_sms_logs where message_uuid = '${missing}'`)
    await sql(
      `insert into legacy.sms_logs select (jsonb_populate_record(l, '{"source": "legacy", "status": "sent"}')).*
       from legacy.sms_logs l where message_uuid = '${twice}'`,
    )
    const before = await smsOf(twice)
    const results = await repairAll(true)
    assert.deepEqual(
      results.map(({ finding, result }) => [finding.kind, finding.messageUuid, result].join(' ')).sort(),
      [`missing_in_go_sms_logs ${missing} left`, `two_sides_sent ${twice} left`],
    )
    assert.deepEqual(await smsOf(twice), before)
    assert.deepEqual(await sql(`select 1 from messaging.go_sms_logs where message_uuid = '${missing}'`), [])
    assert.equal((await repairs()).length, logged)
  })

  test('a message nobody entered is not repaired: the service’s word alone makes no entry', async () => {
    const uuid = '01890a5d-ac96-774b-bcce-b302099a8057'
    await sql(
      `insert into messaging.go_sms_logs (message_uuid, dry_run, recipient, body, status, created_at, updated_at)
       values ('${uuid}', false, '+12025550100', 'x', 'sent', now() - interval '1 day', now() - interval '1 day')`,
    )
    const result = (await repairAll(true)).find(({ finding }) => finding.messageUuid === uuid)
    assert.equal(result?.result, 'left')
    assert.match(result.detail, /no request has entered it/)
  })

  test('a finding that is no more is left as it is; the log of repairs is append-only', async () => {
    const uuid = await uuidOf(605)
    const gone = {
      messageUuid: uuid,
      kind: 'missing_in_sms_logs',
      dryRun: false,
      inFlight: false,
      sms: '',
      go: '',
      detail: '',
    } as const
    const result = await repairFinding(
      { ...sides, runId: randomUUID(), grace, execute: true, actor: 't' },
      gone,
    )
    assert.equal(result.result, 'gone')
    await assert.rejects(sql('delete from legacy.reconcile_repairs'), /append-only/)
    await assert.rejects(
      database.gateway.run({ name: '', text: `update messaging.go_sms_logs set status = 'sent'` }),
      { code: '42501' },
    )
  })
})
