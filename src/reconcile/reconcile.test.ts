import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { seedTenant, sql as runSql } from '../../test/support/system.ts'
import { populate, ways } from '../../test/support/population.ts'
import { testDatabase } from '../../test/support/database.ts'
import { conservation, pairNames, reconciliation } from './pairs.ts'
import { reconcile, type ReconcileOptions } from './reconcile.ts'
import type { Report } from './report.ts'
import { everything } from './window.ts'

const MESSAGES = 100_000
const DAY_MS = 86_400_000

const database = await testDatabase()
await seedTenant(database)
await populate(database, { messages: MESSAGES, startMs: Date.now() - 2 * DAY_MS, spanMs: DAY_MS })
const sql = <Row = Record<string, unknown>>(text: string) => runSql<Row>(database, text)

const run = (options: Partial<ReconcileOptions> = {}): Promise<Report> =>
  reconcile({
    legacy: database.gateway,
    messaging: database.gateway,
    question: reconciliation,
    window: everything,
    ...options,
  })

/** What was found, as sorted `kind uuid` lines. */
const found = (report: Report): string[] =>
  report.findings
    .map(({ kind, messageUuid, dryRun, inFlight }) =>
      [inFlight ? 'in_flight' : kind, dryRun ? 'dry' : '', messageUuid].filter(Boolean).join(' '),
    )
    .sort()

// Ledger rows are planted as they came to be long ago, and put back.
for (const trigger of ['guard_authority', 'refuse_authority', 'guard_lane'])
  await sql(`alter table messaging.execution_authority disable trigger ${trigger}`)

interface Plant {
  readonly name: string
  readonly way: number
  /** As it will stand in the report. */
  readonly reported: string | null
  readonly change: (uuids: string) => string[]
}

const quiet = `created_at = now() - interval '1 day'`
const plants: readonly Plant[] = [
  {
    name: 'missing in sms_logs',
    way: ways.accepted,
    reported: 'missing_in_sms_logs',
    change: (u) => [`delete from legacy.sms_logs where message_uuid in (${u})`],
  },
  {
    name: 'missing dry run in sms_logs',
    way: ways.shadow,
    reported: 'missing_in_sms_logs dry',
    change: (u) => [`delete from legacy.sms_logs where message_uuid in (${u}) and dry_run`],
  },
  {
    name: 'missing in go_sms_logs',
    way: 6,
    reported: 'missing_in_go_sms_logs',
    change: (u) => [`delete from messaging.go_sms_logs where message_uuid in (${u})`],
  },
  {
    name: 'status differs',
    way: 7,
    reported: 'status_differs',
    change: (u) => [
      `update legacy.sms_logs set status = 'rejected' where message_uuid in (${u})`,
      `update legacy.quota_settlements set charged = false where message_uuid in (${u})`,
    ],
  },
  {
    name: 'quota differs',
    way: 8,
    reported: 'quota_differs',
    change: (u) => [`update legacy.quota_settlements set charged = false where message_uuid in (${u})`],
  },
  {
    name: 'quota moved in SHADOW',
    way: ways.shadow,
    reported: 'quota_differs',
    change: (u) => [
      `insert into legacy.quota_settlements select message_uuid, 'demo', true, ${quiet.slice(13)} from population where message_uuid in (${u})`,
    ],
  },
  {
    name: 'two sides sent',
    way: 9,
    reported: 'two_sides_sent',
    change: (u) => [
      `insert into legacy.sms_logs select (jsonb_populate_record(l, '{"source": "legacy", "status": "sent"}')).*
       from legacy.sms_logs l where message_uuid in (${u})`,
    ],
  },
  {
    name: 'in flight',
    way: ways.accepted,
    reported: 'in_flight',
    change: (u) => [
      `delete from legacy.sms_logs where message_uuid in (${u})`,
      `update messaging.go_sms_logs set updated_at = now() where message_uuid in (${u})`,
    ],
  },
  {
    name: 'rejected by the service after the legacy side had taken over: not a mismatch',
    way: ways.fallback,
    reported: null,
    change: (u) => [
      `insert into messaging.go_sms_logs (message_uuid, dry_run, recipient, status, ${quiet.split(' ')[0]})
       select message_uuid, false, '+12025550100', 'rejected', now() - interval '1 day' from population where message_uuid in (${u})`,
    ],
  },
]

/** What became of an accepted message in the ledger and in the service's log, a day ago. */
const ends = (u: string, status: 'void' | 'refused' | 'handed_back', holder: 'go' | 'legacy' | null) => [
  `update messaging.go_sms_logs set status = '${status}', report_at = null, updated_at = now() - interval '1 day'
   where message_uuid in (${u})`,
  `update messaging.execution_authority set holder = ${holder ? `'${holder}'` : 'null'},
     state = '${holder === null ? 'void' : status === 'refused' ? 'refused' : 'sent'}', epoch = epoch + 1
   where message_uuid in (${u})`,
]
const told = (u: string, delivery: string) =>
  `update legacy.sms_logs set delivery_status = '${delivery}', delivery_version = 9 where message_uuid in (${u})`
const legacyRow = (u: string, status: 'sent' | 'failed') =>
  `insert into legacy.sms_logs select (jsonb_populate_record(l, '{"source": "legacy", "status": "${status}",
     "delivery_status": null, "delivery_version": 0}')).* from legacy.sms_logs l where message_uuid in (${u})`

const endings: readonly Plant[] = [
  {
    name: 'accepted, later void, and sms_logs was told: the verdict stays, no mismatch',
    way: 5,
    reported: null,
    change: (u) => [...ends(u, 'void', null), told(u, 'void')],
  },
  {
    name: 'accepted, later refused, and sms_logs was told: no mismatch',
    way: 6,
    reported: null,
    change: (u) => [...ends(u, 'refused', 'go'), told(u, 'refused')],
  },
  {
    name: 'accepted, later void, and sms_logs was not told',
    way: 7,
    reported: 'ending_untold',
    change: (u) => ends(u, 'void', null),
  },
  {
    name: 'accepted, later refused, and sms_logs was told something else',
    way: 8,
    reported: 'ending_untold',
    change: (u) => [...ends(u, 'refused', 'go'), told(u, 'sent')],
  },
  {
    name: 'accepted, void a moment ago, and not told yet: in flight',
    way: 9,
    reported: 'in_flight',
    change: (u) => [
      ...ends(u, 'void', null),
      `update messaging.go_sms_logs set updated_at = now() where message_uuid in (${u})`,
    ],
  },
  {
    name: 'told of an ending that the service does not know',
    way: 5,
    reported: 'ending_untold',
    change: (u) => [told(u, 'refused')],
  },
  {
    name: 'handed back and sent by the legacy side: one send, by the ledger',
    way: 6,
    reported: null,
    change: (u) => [...ends(u, 'handed_back', 'legacy'), legacyRow(u, 'sent')],
  },
  {
    name: 'handed back, and the service has sent it all the same: two sides',
    way: 7,
    reported: 'two_sides_sent',
    change: (u) => [...ends(u, 'handed_back', 'go'), legacyRow(u, 'sent')],
  },
  {
    name: 'handed back by a log that says sent: two sides',
    way: 8,
    reported: 'two_sides_sent',
    change: (u) => [
      `update messaging.execution_authority set holder = 'legacy', epoch = 2 where message_uuid in (${u})`,
      legacyRow(u, 'sent'),
    ],
  },
  {
    name: 'handed back and given up before anybody sent it, told',
    way: 9,
    reported: null,
    change: (u) => [...ends(u, 'handed_back', null), told(u, 'void')],
  },
  {
    name: 'handed back and given up, not told',
    way: 5,
    reported: 'ending_untold',
    change: (u) => ends(u, 'handed_back', null),
  },
]

const tables = [
  'messaging.execution_authority',
  'legacy.sms_logs',
  'legacy.quota_settlements',
  'messaging.go_sms_logs',
]

/** Plants by number of message, runs `work`, and puts everything back as it was. */
async function planted(
  chosen: readonly { readonly plant: Plant; readonly numbers: readonly number[] }[],
  work: (expected: string[]) => Promise<void>,
): Promise<void> {
  const all: string[] = []
  const expected: string[] = []
  for (const { plant, numbers } of chosen) {
    if (numbers.length === 0) continue
    const rows = await sql<{ message_uuid: string }>(
      `select message_uuid from population where i in (${numbers.map((n) => n * 10 + plant.way).join(',')})`,
    )
    // A message is planted once.
    const uuids = rows.map((row) => row.message_uuid).filter((uuid) => !all.includes(uuid))
    if (uuids.length === 0) continue
    all.push(...uuids)
    if (plant.reported !== null) expected.push(...uuids.map((uuid) => `${plant.reported} ${uuid}`))
    const list = uuids.map((uuid) => `'${uuid}'`).join(',')
    for (const [index, table] of tables.entries()) {
      await sql(`create table if not exists kept_${index} as select * from ${table} limit 0`)
      await sql(`insert into kept_${index} select * from ${table} where message_uuid in (${list})`)
    }
    for (const text of plant.change(list)) await sql(text)
  }
  try {
    await work(expected.sort())
  } finally {
    const list = all.map((uuid) => `'${uuid}'`).join(',') || 'null'
    for (const [index, table] of tables.entries()) {
      await sql(`delete from ${table} where message_uuid in (${list})`)
      await sql(`insert into ${table} select * from kept_${index}`)
      await sql(`truncate kept_${index}`)
    }
  }
}

const numbers = fc.uniqueArray(fc.integer({ min: 0, max: MESSAGES / 10 - 1 }), { maxLength: 12 })

const handedBackOnly = {
  name: 'handed back',
  way: 6,
  change: (u: string) => ends(u, 'handed_back', 'legacy'),
}
const everyQuestion = { pairs: pairNames, kinds: [...reconciliation.kinds, ...conservation.kinds] }

describe('reconcile', () => {
  test('a system at rest passes, every message counted; again it looks at nothing', async () => {
    const first = await run({ question: everyQuestion })
    assert.deepEqual([first.verdict, first.findings], ['PASS', []])
    assert.deepEqual(first.pairs.verdicts, {
      left_messages: 70_000,
      right_messages: 70_000,
      remembered_messages: 0,
    })
    assert.equal(first.pairs.entered?.left_messages, MESSAGES)
    const again = await run({ question: everyQuestion })
    assert.deepEqual(again.pairs.verdicts, {
      left_messages: 70_000,
      right_messages: 70_000,
      remembered_messages: 140_000,
    })
    assert.equal(again.verdict, 'PASS')
  })

  test('exactly what was planted among 100,000 messages is found, of every kind (property)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.tuple(...plants.map(() => numbers)), async (chosen) => {
        const kinds = plants.map((plant, index) => ({ plant, numbers: chosen[index] ?? [] }))
        await planted(kinds, async (expected) => {
          const report = await run()
          assert.deepEqual(found(report), expected)
          const isClean = expected.every((line) => line.startsWith('in_flight'))
          assert.equal(report.verdict, isClean ? 'PASS' : 'FAIL')
          assert.deepEqual(found(await run()), expected, 'remembered ranges name the same')
        })
        assert.deepEqual(found(await run()), [], 'put back, all is well')
      }),
      { numRuns: 4 },
    )
  })

  test('handed back without an outcome of the legacy side is a finding of the audit, and of no other', () =>
    planted(
      [{ plant: { ...handedBackOnly, reported: 'ledger_differs' }, numbers: [7] }],
      async (expected) => {
        assert.deepEqual(found(await run({ question: conservation })), expected)
        assert.deepEqual(found(await run()), [])
      },
    ))

  test('handed back a moment ago it is in flight; scheduled for later it is nothing', () => {
    const moment = {
      ...handedBackOnly,
      reported: 'in_flight',
      change: (u: string) => [
        ...ends(u, 'handed_back', 'legacy'),
        `update messaging.go_sms_logs set updated_at = now() where message_uuid in (${u})`,
      ],
    }
    const later = {
      ...handedBackOnly,
      way: 7,
      reported: null,
      change: (u: string) => [
        ...ends(u, 'handed_back', 'legacy'),
        `update messaging.execution_authority set state = 'claimed', dispatched_at = null, settled_at = null,
           not_before = now() + interval '1 day' where message_uuid in (${u})`,
      ],
    }
    const both = [moment, later].map((plant) => ({ plant, numbers: [7] }))
    return planted(both, async (expected) => {
      assert.deepEqual(found(await run({ question: conservation })), expected)
    })
  })

  test('endings and hand-backs that are as they should be are none of the audit’s findings either', () =>
    planted(
      endings.filter(({ reported }) => reported === null).map((plant) => ({ plant, numbers: [11] })),
      async () => assert.deepEqual(found(await run({ question: everyQuestion })), []),
    ))

  for (const plant of [...plants, ...endings]) {
    test(`${plant.name}: alone`, () =>
      planted([{ plant, numbers: [17, 4_242] }], async (expected) => {
        assert.equal(expected.length, plant.reported === null ? 0 : 2)
        assert.deepEqual(found(await run()), expected)
      }))
  }
})
