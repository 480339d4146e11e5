import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { open, testDatabase } from '../../test/support/database.ts'
import { populate } from '../../test/support/population.ts'
import { seedTenant, sql as runSql } from '../../test/support/system.ts'
import { openMemory } from './memory.ts'
import { reconciliation } from './pairs.ts'
import { reconcile, type ReconcileOptions } from './reconcile.ts'
import type { Report } from './report.ts'
import { bucketAt, BUCKETS_END } from './uuid-range.ts'
import { everything } from './window.ts'

const MESSAGES = 5_000
const DAY_MS = 86_400_000
const START_MS = Date.now() - 2 * DAY_MS

// The gateway's side in one database, the service's in another.
const [here, there] = [await testDatabase(), await testDatabase()]
for (const database of [here, there]) {
  await seedTenant(database)
  await populate(database, { messages: MESSAGES, startMs: START_MS, spanMs: DAY_MS })
}
const sql = <Row = Record<string, unknown>>(text: string) => runSql<Row>(here, text)
const sqlThere = <Row = Record<string, unknown>>(text: string) => runSql<Row>(there, text)

const run = (options: Partial<ReconcileOptions> = {}): Promise<Report> =>
  reconcile({
    legacy: here.gateway,
    messaging: there.gateway,
    question: reconciliation,
    window: everything,
    ...options,
  })
const found = ({ findings }: Report): string[] =>
  findings.map(({ kind, messageUuid, inFlight }) => `${inFlight ? 'in_flight' : kind} ${messageUuid}`).sort()

const goRow = (uuid: string, createdAt: string) =>
  `insert into messaging.go_sms_logs (message_uuid, dry_run, recipient, body, status, created_at, updated_at)
   values ('${uuid}', false, '+12025550100', 'x', 'sent', ${createdAt}, ${createdAt})`
const uuidAt = (timeMs: number, tail: string): string => {
  const hex = Math.floor(timeMs).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${tail.padStart(12, '0')}`
}
const expectedOf = async (uuids: readonly string[], kind: string, options: Partial<ReconcileOptions> = {}) =>
  assert.deepEqual(found(await run(options)), uuids.map((uuid) => `${kind} ${uuid}`).sort())
const forgetGo = (uuids: readonly string[]) =>
  sqlThere(
    `delete from messaging.go_sms_logs where message_uuid in (${uuids.map((u) => `'${u}'`).join(',')})`,
  )

describe('two databases', () => {
  test('at rest they agree; what is missing on either side is named', async () => {
    assert.deepEqual(found(await run()), [])
    const [row] = await sql<{ message_uuid: string }>('select message_uuid from population where i = 15')
    assert.ok(row)
    await sqlThere(
      `create table kept as select * from messaging.go_sms_logs where message_uuid = '${row.message_uuid}'`,
    )
    await forgetGo([row.message_uuid])
    await expectedOf([row.message_uuid], 'missing_in_go_sms_logs')
    await sqlThere('insert into messaging.go_sms_logs select * from kept')
    assert.deepEqual(found(await run()), [])
  })

  test('a database that dies in the middle, again and again: the run goes on and is right', async () => {
    const uuid = uuidAt(START_MS + DAY_MS / 2, 'dead')
    await sqlThere(goRow(uuid, `now() - interval '1 day'`))
    let killed = 0
    const kill = async (): Promise<void> => {
      const text = `select count(pg_terminate_backend(pid))::integer as n from pg_stat_activity
        where usename = 'baton_gateway' and datname = current_database()`
      for (const one of [sql, sqlThere]) killed += (await one<{ n: number }>(text))[0]?.n ?? 0
    }
    const killing = setInterval(() => void kill().catch(() => {}), 40)
    try {
      for (let round = 0; round < 3; round++)
        await expectedOf([uuid], 'missing_in_sms_logs', { isFull: true })
    } finally {
      clearInterval(killing)
    }
    assert.ok(killed > 3, `killed ${killed} connections`)
    await forgetGo([uuid])
    assert.deepEqual(found(await run()), [])
  })

  test('a database that stays away fails the run; what was compared is remembered', async () => {
    const away = open('postgres://nobody@127.0.0.1:1/none')
    await assert.rejects(run({ messaging: away, patienceMs: 200 }))
    await away.close()
    assert.equal((await run()).verdict, 'PASS')
  })
})

describe('clocks', () => {
  test('grace goes by the age of the row in its own database, not by the time in the uuid', async () => {
    const ages = [
      ["now() - interval '10 minutes'", 'missing_in_sms_logs'],
      ["now() - interval '10 seconds'", 'in_flight'],
    ] as const
    // The gateway's clock behind by hours, ahead by minutes and by a day.
    for (const skewMs of [-7_200_000, 600_000, DAY_MS]) {
      for (const [createdAt, kind] of ages) {
        const uuid = uuidAt(Date.now() + skewMs, 'c10c')
        await sqlThere(goRow(uuid, createdAt))
        await expectedOf([uuid], kind)
        await forgetGo([uuid])
      }
    }
    assert.deepEqual(found(await run()), [])
  })

  test('uuids that are no UUIDv7, anywhere in the space, are compared as well', async () => {
    const rows = await sql<{ uuid: string }>('select gen_random_uuid() as uuid from generate_series(1, 300)')
    const uuids = [
      ...rows.map(({ uuid }) => uuid),
      '00000000-0000-0000-0000-000000000000',
      'ffffffff-ffff-ffff-ffff-ffffffffffff',
    ]
    for (const uuid of uuids) await sqlThere(goRow(uuid, `now() - interval '1 day'`))
    await expectedOf(uuids, 'missing_in_sms_logs')
    await forgetGo(uuids)
    assert.deepEqual(found(await run()), [])
  })

  test('the same uuid in another case is the same message: a second row is refused', async () => {
    await assert.rejects(
      sqlThere(`insert into messaging.go_sms_logs select (jsonb_populate_record(g, jsonb_build_object('message_uuid', upper(g.message_uuid::text)))).*
        from messaging.go_sms_logs g limit 1`),
      { code: '23505' },
    )
  })
})

describe('window, throttle, memory', () => {
  test('only the window is looked at; a window without messages passes with nothing seen', async () => {
    const uuid = uuidAt(START_MS + DAY_MS / 2, 'face')
    await sqlThere(goRow(uuid, `now() - interval '1 day'`))
    const middle = bucketAt(START_MS + DAY_MS / 2)
    await expectedOf([uuid], 'missing_in_sms_logs', { window: { from: middle, to: middle + 1 } })
    await expectedOf([], '', { window: { from: middle + 1, to: BUCKETS_END } })
    const empty = await run({ window: { from: 10, to: 20 } })
    assert.deepEqual(empty.pairs.verdicts, { left_messages: 0, right_messages: 0, remembered_messages: 0 })
    await forgetGo([uuid])
  })

  test('a throttled run shows its progress and can be stopped', async () => {
    const stopping = new AbortController()
    const seen: number[] = []
    const onProgress = ({ reachedMs }: { reachedMs: number }) => {
      seen.push(reachedMs)
      if (seen.length === 3) stopping.abort()
    }
    await assert.rejects(run({ isFull: true, throttlePercent: 50, onProgress, signal: stopping.signal }), {
      name: 'AbortError',
    })
    assert.equal(seen.length, 3)
    assert.equal((await run()).verdict, 'PASS')
  })

  test('one run at a time remembers; a run that was taken for dead cannot any more', async () => {
    const first = await openMemory(here.gateway, there.gateway, '01890000-0000-7000-8000-000000000001', false)
    assert.equal(first.hasTurn, true)
    const second = await openMemory(
      here.gateway,
      there.gateway,
      '01890000-0000-7000-8000-000000000002',
      false,
    )
    assert.equal(second.hasTurn, false)
    await sql(`update legacy.reconcile_turn set seen_at = now() - interval '1 hour'`)
    const third = await openMemory(here.gateway, there.gateway, '01890000-0000-7000-8000-000000000003', false)
    assert.equal(third.hasTurn, true)
    const print = { messages: 1, hash: '1' }
    const ranges = { from: 1, to: 2 }
    await first.remember('verdicts', ranges, { left: print, right: print }, [])
    assert.deepEqual(await third.remembered('verdicts', { from: 0, to: 10 }), [])
    await third.remember('verdicts', ranges, { left: print, right: print }, [])
    assert.equal((await third.remembered('verdicts', { from: 0, to: 10 })).length, 1)
    await sql('delete from legacy.reconcile_ranges where from_bucket = 1')
    await third.end()
  })

  test('a run without the turn sees late writes that the other has not looked at yet', async () => {
    await run()
    const other = await openMemory(here.gateway, there.gateway, '01890000-0000-7000-8000-000000000004', false)
    const uuid = uuidAt(START_MS + DAY_MS / 4, 'fade')
    await sqlThere(goRow(uuid, `now() - interval '1 day'`))
    await expectedOf([uuid], 'missing_in_sms_logs')
    await other.end()
    await expectedOf([uuid], 'missing_in_sms_logs')
    await forgetGo([uuid])
    assert.deepEqual(found(await run()), [])
  })

  test('a whole table that is gone is found, by truncate or by delete', async () => {
    await sqlThere('create table kept_all as select * from messaging.go_sms_logs')
    for (const text of ['truncate messaging.go_sms_logs', 'delete from messaging.go_sms_logs']) {
      await sqlThere(text)
      const report = await run()
      assert.equal(report.mismatches.missing_in_go_sms_logs, (MESSAGES * 7) / 10)
      await sqlThere('insert into messaging.go_sms_logs select * from kept_all')
      assert.deepEqual(found(await run()), [])
    }
  })
})
