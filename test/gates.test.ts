// Every gate over a real system: it holds before anything was measured, passes after real traffic of every mode,
// and fails when something is wrong.
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { openPeer } from '../src/http/exchange.ts'
import { checkGate, recordMeasurement } from '../src/operator/check-gate.ts'
import { gates, type Gate } from '../src/operator/gates.ts'
import { verifyEvidence } from '../src/operator/verify-evidence.ts'
import { registerDifference } from '../src/reconcile/shadow-differences.ts'
import { reservedNumbers } from './support/numbers.ts'
import { eventually, startSystem, unique } from './support/system.ts'

const system = await startSystem()
const { gateway } = system.database
const peer = openPeer(system.serviceUrl, 2)
after(() => peer.close())
const service = { url: system.serviceUrl, peer, secret: null }
const context = { legacy: gateway, messaging: gateway, service }

/** A test sends fewer messages than a gate wants to see in earnest. */
const withSmallSample = (gate: Gate): Gate => ({ ...gate, sampleMin: Math.min(gate.sampleMin, 10) })
const check = (gate: Gate, isMeasured = true) => checkGate(context, withSmallSample(gate), { isMeasured })
const gateNamed = (name: string): Gate => {
  const gate = gates.find((candidate) => candidate.name === name)
  assert.ok(gate)
  return gate
}

async function sendMany(messages: number) {
  const { status } = await system.send({ to: reservedNumbers(messages), body: `gates ${unique()}` })
  assert.equal(status, 202)
}

async function tamper(...texts: string[]): Promise<void> {
  await system.database.admin.transaction(async (runner) => {
    await runner.run({ name: '', text: 'set local session_replication_role = replica' })
    for (const text of texts) await runner.run({ name: '', text })
  })
}

const counted = (text: string) => async () => (await system.sql<{ n: number }>(text))[0]?.n ?? 0

test('without evidence every gate holds', async () => {
  for (const gate of gates) assert.equal((await check(gate, false)).verdict, 'HOLD', gate.name)
})

test('traffic in every mode, with a fallback and a way back', async () => {
  await system.mode('SHADOW')
  await sendMany(20)
  await eventually(counted(`select count(*)::integer n from legacy.sms_logs where dry_run`), (n) => n === 20)
  await system.mode('ON')
  await sendMany(20)
  await system.faults({ blackhole: true })
  await sendMany(1)
  await system.faults({})
  await system.mode('OFF')
  await sendMany(20)
  await eventually(
    counted(
      `select count(*)::integer n from messaging.execution_authority where state in ('claimed', 'dispatched')`,
    ),
    (n) => n === 0,
  )
  // Past the grace time, all of it.
  const hour = `interval '1 hour'`
  await tamper(
    `update legacy.sms_logs set created_at = created_at - ${hour}`,
    `update legacy.requests set received_at = received_at - ${hour}, answered_at = answered_at - ${hour}`,
    `update legacy.quota_settlements set settled_at = settled_at - ${hour}`,
    `update messaging.go_sms_logs set created_at = created_at - ${hour}, updated_at = updated_at - ${hour}`,
    `update messaging.execution_authority set claimed_at = claimed_at - ${hour},
       dispatched_at = dispatched_at - ${hour}, settled_at = settled_at - ${hour}`,
  )
})

const one = (where: string) => `(select message_uuid from legacy.sms_logs where ${where} order by 1 limit 1)`
const shadowed = one(`mode = 'SHADOW' and not dry_run`)
const byService = one(`source = 'go' and not dry_run`)

/** What a drill that went well has counted; the drills themselves have tests of their own. */
const wellDrilled = {
  sent_twice: 0,
  lost: 0,
  answers_wrong: 0,
  swallowed_accepted: 2,
  late_sent_by_legacy: 2,
  late_known_to_service: 0,
  opened: 1,
  fell_back_open: 3,
  recovered: 1,
  sent_by_legacy: 5,
  not_sent_by_legacy: 0,
  before_by_service: 8,
  handed_back: 3,
  sent_by_service: 0,
}
const isDrill = ({ name }: Gate): boolean => name.endsWith('-drill')
const recordDrill = (gate: Gate, changes: Record<string, number> = {}) =>
  recordMeasurement(context, gate.asks, {
    asked: gate.name,
    sample: 10,
    counts: { ...wellDrilled, ...changes },
  })

test('a drill is not made by asking its gate', async () => {
  for (const gate of gates.filter(isDrill)) {
    const { verdict, reasons } = await checkGate(context, gate, { isMeasured: true })
    assert.deepEqual([verdict, /was never measured/.test(reasons.join())], ['HOLD', true])
    await recordDrill(gate)
    for (const count of ['sent_twice', 'lost', 'answers_wrong']) {
      await recordDrill(gate, { [count]: 1 })
      assert.equal((await check(gate)).verdict, 'FAIL', `${gate.name}: ${count}`)
    }
    await recordDrill(gate)
  }
})

/** What makes a gate fail, and what puts it right again. */
const faults: Readonly<Record<string, { readonly harm: string[]; readonly undo: string[] }>> = {
  'grants-right': {
    harm: [
      'grant usage on schema legacy to baton_service',
      'grant insert on legacy.sms_logs to baton_service',
    ],
    undo: [
      'revoke all on legacy.sms_logs from baton_service',
      'revoke usage on schema legacy from baton_service',
    ],
  },
  'shadow-coverage': {
    harm: [
      `create table kept_dry as select * from legacy.sms_logs where dry_run limit 5`,
      `delete from legacy.sms_logs where dry_run and message_uuid in (select message_uuid from kept_dry)`,
    ],
    undo: ['insert into legacy.sms_logs select * from kept_dry', 'drop table kept_dry'],
  },
  'shadow-agreement': {
    harm: [`update messaging.go_sms_logs set sender = 'Other' where dry_run and message_uuid = ${shadowed}`],
    undo: [`update messaging.go_sms_logs set sender = null where dry_run`],
  },
  'shadow-calls-no-provider': {
    harm: [`update messaging.execution_authority set holder = 'go' where message_uuid = ${shadowed}`],
    undo: [`update messaging.execution_authority set holder = 'legacy' where message_uuid = ${shadowed}`],
  },
  'shadow-moves-no-quota': {
    harm: [
      `insert into legacy.quota_settlements (message_uuid, tenant, charged) values (${shadowed}, 'demo', true)`,
    ],
    undo: [`delete from legacy.quota_settlements where message_uuid = ${shadowed}`],
  },
  'reconciliation-clean': {
    harm: [`update legacy.quota_settlements set charged = false where message_uuid = ${byService}`],
    undo: [`update legacy.quota_settlements set charged = true where message_uuid = ${byService}`],
  },
  'conservation-balanced': {
    harm: [
      `create table kept_sms as select * from legacy.sms_logs where message_uuid = ${byService}`,
      `delete from legacy.sms_logs where message_uuid in (select message_uuid from kept_sms)`,
    ],
    undo: ['insert into legacy.sms_logs select * from kept_sms', 'drop table kept_sms'],
  },
  'in-doubt-low': {
    harm: [
      `update messaging.execution_authority set state = 'in_doubt', settled_at = null where message_uuid in
         (select message_uuid from legacy.sms_logs where source = 'go' and not dry_run limit 11)`,
    ],
    undo: [
      `update messaging.execution_authority set state = 'sent', settled_at = dispatched_at where state = 'in_doubt'`,
    ],
  },
  performance: {
    harm: [
      `update legacy.sms_logs set status = 'rejected' where message_uuid = ${byService} and source = 'go'`,
    ],
    undo: [`update legacy.sms_logs set status = 'accepted' where status = 'rejected'`],
  },
}

describe('every gate over real evidence', () => {
  for (const gate of gates) {
    test(`${gate.name}: passes, fails, passes again, holds with too little and when old`, async () => {
      const passing = await check(gate)
      // A rate needs more messages than a test sends to be as sure as the gate wants; then it fails, on the rate alone.
      const lenient =
        gate.name === 'shadow-agreement'
          ? { ...gate, passes: [{ count: 'agreement_low', is: '>=', value: 0.8 } as const] }
          : gate.name === 'performance'
            ? { ...gate, passes: gate.passes.filter(({ count }) => count === 'error_rate_more') }
            : gate
      const judged = lenient === gate ? passing : await check(lenient)
      assert.deepEqual(
        [judged.verdict, judged.reasons.length],
        ['PASS', lenient.passes.length],
        judged.reasons.join(),
      )
      if (gate.name === 'service-reachable') {
        const nobody = openPeer('http://127.0.0.1:1', 1)
        const elsewhere = { ...service, url: 'http://service.invalid:8081' }
        for (const wrong of [{ ...service, peer: nobody }, { ...service, secret: 'x' }, elsewhere]) {
          const failing = await checkGate({ ...context, service: wrong }, lenient, { isMeasured: true })
          assert.equal(failing.verdict, 'FAIL')
        }
        await nobody.close()
      } else if (isDrill(gate)) {
        for (const { count, is, value } of gate.passes) {
          await recordDrill(gate, { [count]: is === '>=' ? value - 1 : value + 1 })
          assert.equal((await check(gate)).verdict, 'FAIL', count)
        }
        const { sampleMin } = gate
        await recordMeasurement(context, gate.asks, {
          asked: gate.name,
          sample: sampleMin - 1,
          counts: wellDrilled,
        })
        assert.equal((await check(gate)).verdict, 'HOLD')
        await recordDrill(gate)
      } else {
        const fault = faults[gate.name]
        assert.ok(fault, `a fault for ${gate.name}`)
        await tamper(...fault.harm)
        const failing = await check(lenient)
        await tamper(...fault.undo)
        assert.equal(failing.verdict, 'FAIL', failing.reasons.join())
      }
      assert.equal((await check(lenient)).verdict, 'PASS')
      const tooFew = { ...lenient, sampleMin: 1_000_000 }
      assert.equal((await checkGate(context, tooFew, { isMeasured: false })).verdict, 'HOLD')
      assert.equal(
        (await checkGate(context, { ...gate, freshMs: -1 }, { isMeasured: false })).verdict,
        'HOLD',
      )
    })
  }

  test('a difference that is registered, with owner and end, counts as agreement until its end', async () => {
    const gate = gateNamed('shadow-agreement')
    const fault = faults[gate.name]
    assert.ok(fault)
    await tamper(...fault.harm)
    const disagreed = async () => (await check(gate)).measurement?.counts['disagreed']
    assert.equal(await disagreed(), 1)
    const entry = {
      field: 'sender',
      legacy_value: null,
      service_value: 'Other',
      why: 'test',
      owner: 'test',
      actor: 't',
    } as const
    await registerDifference(gateway, { ...entry, until: new Date(Date.now() + 3_600_000).toISOString() })
    assert.equal(await disagreed(), 0)
    await assert.rejects(
      registerDifference(gateway, { ...entry, until: '2020-01-01T00:00:00Z' }),
      /has_an_end/,
    )
    await system.sql(`delete from legacy.shadow_differences`)
    assert.equal(await disagreed(), 1)
    await tamper(...fault.undo)
  })

  test('what cannot be measured holds, with the reason', async () => {
    const broken = { ...gateway, run: () => Promise.reject(new Error('the database is away')) }
    const gate = gateNamed('in-doubt-low')
    const { verdict, reasons } = await checkGate({ ...context, messaging: broken }, gate, {
      isMeasured: true,
    })
    assert.equal(verdict, 'HOLD')
    assert.match(reasons.join(), /could not be measured: the database is away/)
  })

  test('all of this is evidence, in one chain', async () => {
    const { verdict, records } = await verifyEvidence(gateway, gateway)
    assert.equal(verdict, 'PASS')
    assert.ok(records > 60)
  })
})
