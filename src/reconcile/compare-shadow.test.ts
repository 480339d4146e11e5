// Shadowed messages planted row by row: every field, every reason to be left out, registrations and the baseline.
import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { testDatabase } from '../../test/support/database.ts'
import { seedTenant, sql as runSql } from '../../test/support/system.ts'
import type { Treatment } from '../core/treatment.ts'
import { compareShadow } from './compare-shadow.ts'
import { registerDifference } from './shadow-differences.ts'
import { shadowFields } from './shadow-fields.ts'
import { everything } from './window.ts'
import { wilson } from './wilson.ts'

const database = await testDatabase()
await seedTenant(database)
const sql = <Row = Record<string, unknown>>(text: string) => runSql<Row>(database, text)
const compare = () =>
  compareShadow({ legacy: database.gateway, messaging: database.gateway, window: everything })

const NUMBER = '+12025550100'
const plain: Treatment = {
  to: NUMBER,
  encoding: 'gsm7',
  segments: 1,
  route: 'a',
  price: 2,
  error_class: null,
}

interface Planted {
  readonly legacy?: 'sent' | 'failed' | 'in_doubt'
  readonly did?: (Partial<Treatment> & { readonly can_rehearse?: boolean }) | null
  /** Null: neither log has a dry run. */
  readonly dry?: 'accepted' | 'rejected' | null
  readonly would?: Partial<Treatment> | null
  readonly dryIn?: 'both' | 'sms_logs' | 'go_sms_logs'
  readonly sender?: string
  readonly note?: string
  readonly ageS?: number
}

let number = 0
async function plant(planted: Planted = {}): Promise<string> {
  const { legacy = 'sent', dry = 'accepted', dryIn = 'both', ageS = 600 } = planted
  const uuid = `01890000-0000-7000-8000-${(++number).toString(16).padStart(12, '0')}`
  const at = `now() - interval '${ageS} seconds'`
  const json = (value: object | null | undefined) =>
    value === null ? 'null' : `'${JSON.stringify({ ...plain, ...value })}'`
  await sql(
    `insert into legacy.requests (request_id, tenant, content_sha256, mode, ramp_percent, epoch, body, message_uuids, recipients,
       mentions, owner, received_at, answered_at)
     values ('${uuid}', 'demo', '\\x00', 'SHADOW', 100, 1, 'x', '{${uuid}}', '{${NUMBER}}', '{1}', 1, ${at}, ${at})`,
  )
  const row = (source: string, isDry: boolean, status: string, more: string) =>
    sql(
      `insert into legacy.sms_logs (message_uuid, source, dry_run, status, request_id, tenant, recipient, mode, epoch,
         created_at, service_would, legacy_did)
       values ('${uuid}', '${source}', ${isDry}, '${status}', '${uuid}', 'demo', '${NUMBER}', 'SHADOW', 1, ${at}, ${more})`,
    )
  await row('legacy', false, legacy, 'null, null')
  if (dry !== null && dryIn !== 'go_sms_logs')
    await row('go', true, dry, `${json(planted.would)}, ${json(planted.did)}`)
  if (dry !== null && dryIn !== 'sms_logs')
    await sql(
      `insert into messaging.go_sms_logs (message_uuid, dry_run, recipient, sender, status)
       values ('${uuid}', true, '${NUMBER}', ${planted.sender ? `'${planted.sender}'` : 'null'}, '${dry}')`,
    )
  if (planted.note)
    await sql(
      `insert into legacy.shadow_left_out (message_uuid, reason, epoch) values ('${uuid}', '${planted.note}', 1)`,
    )
  return uuid
}

async function rehearse(uuid: string, first: object | null, second: object | null, leftOut?: string) {
  const json = (value: object | null) => (value ? `'${JSON.stringify(value)}'` : 'null')
  await sql(
    `insert into legacy.legacy_rehearsals (message_uuid, left_out, first_answer, second_answer, epoch)
     values ('${uuid}', ${leftOut ? `'${leftOut}'` : 'null'}, ${json(first)}, ${json(second)}, 1)`,
  )
}

beforeEach(() =>
  sql(
    `truncate legacy.requests, legacy.sms_logs, messaging.go_sms_logs, legacy.shadow_left_out, legacy.legacy_rehearsals,
       legacy.shadow_differences cascade`,
  ),
)

describe('field by field', () => {
  const cases: readonly { name: string; planted: Planted; differs: string[] }[] = [
    { name: 'all the same', planted: {}, differs: [] },
    { name: 'the number', planted: { would: { to: '+12025550101' } }, differs: ['number'] },
    { name: 'the sender', planted: { sender: 'Other' }, differs: ['sender'] },
    { name: 'the encoding', planted: { would: { encoding: 'ucs2' } }, differs: ['encoding'] },
    { name: 'the segments', planted: { did: { segments: 2 } }, differs: ['segments'] },
    { name: 'the route', planted: { would: { route: 'b' } }, differs: ['route'] },
    { name: 'the price', planted: { would: { price: 2.5 } }, differs: ['price'] },
    {
      name: 'the verdict, and nothing that follows from it',
      planted: { dry: 'rejected', would: { segments: null, error_class: 'number' } },
      differs: ['verdict'],
    },
    {
      name: 'both refuse for the same reason',
      planted: {
        legacy: 'failed',
        did: { error_class: 'number' },
        dry: 'rejected',
        would: { error_class: 'number' },
      },
      differs: [],
    },
    {
      name: 'both refuse for different reasons',
      planted: {
        legacy: 'failed',
        did: { error_class: 'pace' },
        dry: 'rejected',
        would: { error_class: 'number' },
      },
      differs: ['error_class'],
    },
    {
      name: 'two at once',
      planted: { would: { encoding: 'ucs2', segments: 2 } },
      differs: ['encoding', 'segments'],
    },
  ]
  for (const { name, planted, differs } of cases) {
    test(name, async () => {
      const uuid = await plant(planted)
      const { disagreements, fields, agreed, disagreed } = await compare()
      assert.deepEqual(
        disagreements.map((one) => [one.messageUuid, one.field]),
        differs.map((field) => [uuid, field]),
      )
      assert.deepEqual([agreed, disagreed], differs.length === 0 ? [1, 0] : [0, 1])
      for (const field of shadowFields)
        assert.equal(fields[field].compared - fields[field].agreed, differs.includes(field) ? 1 : 0, field)
    })
  }

  test('what one side does not tell is counted apart, and neither agrees nor differs', async () => {
    await plant({ would: { route: null, price: null } })
    await plant({ would: null, did: null })
    const { fields, agreed } = await compare()
    assert.deepEqual([fields.route.compared, fields.route.untold, fields.segments.compared], [0, 2, 1])
    assert.equal(agreed, 2)
  })

  test('each field has its own Wilson interval; a number is never shown', async () => {
    for (let left = 8; left > 0; left--) await plant()
    await plant({ would: { segments: 2 } })
    await plant({ would: { to: '+12025550101' } })
    const { fields, agreement, disagreements } = await compare()
    assert.deepEqual({ low: fields.segments.low, high: fields.segments.high }, wilson(9, 10))
    assert.deepEqual({ low: agreement.low, high: agreement.high }, wilson(8, 10))
    assert.ok(!JSON.stringify(disagreements).includes('555'))
  })
})

describe('registered differences', () => {
  const entry = { why: 'test', owner: 'Ann', actor: 'test', legacy_value: null } as const
  const soon = () => new Date(Date.now() + 3_600_000).toISOString()

  test('a registered value of a field is agreement by design, another value is not', async () => {
    await plant({ would: { route: 'b' } })
    await plant({ would: { route: 'c' } })
    const id = await registerDifference(database.gateway, {
      ...entry,
      field: 'route',
      service_value: 'b',
      until: soon(),
    })
    const { fields, agreed, disagreed, by_design, differences } = await compare()
    assert.deepEqual([agreed, disagreed, by_design], [1, 1, 1])
    assert.deepEqual([fields.route.agreed, fields.route.by_design], [1, 1])
    assert.deepEqual(
      differences.map((one) => [one.difference_id, one.owner, one.is_in_force, one.messages]),
      [[id, 'Ann', true, 1]],
    )
  })

  test('one that has ended counts as disagreement again, and is shown with its owner', async () => {
    await plant({ would: { price: 3 } })
    await registerDifference(database.gateway, {
      ...entry,
      field: 'price',
      service_value: null,
      until: soon(),
    })
    assert.equal((await compare()).disagreed, 0)
    await sql(
      `update legacy.shadow_differences set registered_at = now() - interval '2 days', valid_until = now() - interval '1 second'`,
    )
    const { disagreed, differences } = await compare()
    assert.equal(disagreed, 1)
    assert.deepEqual([differences[0]?.is_in_force, differences[0]?.messages], [false, 0])
  })

  test('a field that nobody compares cannot be registered', async () => {
    await assert.rejects(
      sql(
        `insert into legacy.shadow_differences (field, why, owner, valid_until, registered_by) values ('colour', '', '', now() + interval '1 hour', '')`,
      ),
      { code: '23514' },
    )
  })
})

describe('coverage', () => {
  test('every message that is left out has one reason; the reasons add up to what is missing', async () => {
    const notes = ['dropped', 'closed', 'unreachable', 'timed_out', 'broken_answer', 'service_error']
    for (const note of [...notes, 'superseded', 'not_logged']) await plant({ dry: null, note })
    // A note stands also for a message of this moment, and for a call that the service had logged.
    await plant({ dry: null, note: 'dropped', ageS: 1 })
    await plant({ dryIn: 'go_sms_logs', note: 'timed_out' })
    await plant({ dry: null })
    await plant({ dry: null, ageS: 1 })
    await plant({ dryIn: 'go_sms_logs' })
    await plant({ dryIn: 'sms_logs' })
    await plant({ legacy: 'in_doubt' })
    await plant()
    const { eligible, compared, left_out, coverage } = await compare()
    assert.deepEqual(left_out, {
      too_young: 1,
      in_doubt: 1,
      verdict_not_logged: 1,
      dry_run_not_found: 1,
      lost: 1,
      dropped: 2,
      closed: 1,
      unreachable: 1,
      timed_out: 2,
      broken_answer: 1,
      service_error: 1,
      superseded: 1,
      not_logged: 1,
    })
    assert.deepEqual([eligible, compared, coverage], [16, 1, 1 / 15])
    assert.equal(
      Object.values(left_out).reduce((sum, messages) => sum + messages, 0),
      eligible - compared,
    )
  })

  test('without any message nothing is known', async () => {
    const { eligible, coverage, agreement } = await compare()
    assert.deepEqual([eligible, coverage, agreement.rate], [0, NaN, NaN])
    assert.deepEqual([agreement.low, agreement.high], [0, 1])
  })
})

describe('baseline', () => {
  const says = (more: Partial<Treatment> & { verdict?: string } = {}) => ({
    ...plain,
    verdict: 'send',
    ...more,
  })

  test('a driver that cannot rehearse: none, and why', async () => {
    await plant({ did: { can_rehearse: false } })
    assert.deepEqual((await compare()).baseline, { kind: 'none', why: 'the legacy driver cannot rehearse' })
  })

  test('a driver that can, whose rehearsals all failed: none, and why', async () => {
    await rehearse(await plant({ did: { can_rehearse: true } }), null, null, 'no_answer')
    assert.deepEqual((await compare()).baseline, {
      kind: 'none',
      why: 'no rehearsal succeeded: 1 no_answer',
    })
  })

  test('the legacy side against itself and against what it did; the service is judged against it', async () => {
    for (let left = 0; left < 20; left++)
      await rehearse(await plant({ did: { can_rehearse: true }, would: { segments: 2 } }), says(), says())
    await rehearse(await plant({ did: { can_rehearse: true } }), says(), says({ segments: 3 }))
    await rehearse(
      await plant({ did: { can_rehearse: true } }),
      says({ verdict: 'refuse' }),
      says({ verdict: 'refuse' }),
    )
    await rehearse(await plant({ did: { can_rehearse: true } }), null, null, 'dropped')
    const { baseline, agreement } = await compare()
    assert.ok(baseline.kind === 'measured')
    assert.deepEqual([baseline.itself.agreed, baseline.itself.compared], [21, 22])
    assert.deepEqual([baseline.real.agreed, baseline.real.compared], [21, 22])
    assert.deepEqual([baseline.disagreements, baseline.left_out], [{ segments: 1 }, { dropped: 1 }])
    assert.deepEqual([agreement.agreed, baseline.service_is], [3, 'worse'])
  })

  test('a legacy side that contradicts itself as often as the service does is not told apart from it', async () => {
    for (let left = 0; left < 10; left++) {
      const isOdd = left % 2 === 1
      const would = { segments: isOdd ? 2 : 1 }
      const rehearsed = says({ segments: isOdd ? 2 : 1 })
      await rehearse(await plant({ did: { can_rehearse: true }, would }), rehearsed, rehearsed)
    }
    const { baseline } = await compare()
    assert.ok(baseline.kind === 'measured')
    assert.equal(baseline.service_is, 'not told apart')
  })
})
