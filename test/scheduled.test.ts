// Messages with times: held by the legacy side or by the service, sent once, never early, never late.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { audit } from '../src/reconcile/audit.ts'
import { imbalanceOf, readBalance } from '../src/reconcile/balance.ts'
import { everything } from '../src/reconcile/window.ts'
import { checkInvariants } from './support/checker.ts'
import { reservedNumbers } from './support/numbers.ts'
import { inMs, scheduling, SOON_MS, uuidOf } from './support/scheduling.ts'
import { eventually, OPERATOR_KEY, startSystem } from './support/system.ts'

const system = await startSystem()
const { acknowledged, send, carried, ledger, logged, quota, view, drained, sentOnceBy } = scheduling(system)

describe('send_at ahead', () => {
  for (const mode of ['OFF', 'SHADOW'] as const) {
    test(`${mode}: the answer says scheduled, legacy holds it in the ledger and sends it once it is due`, async () => {
      await system.mode(mode)
      const sendAt = inMs(SOON_MS)
      const answer = await send({ send_at: sendAt, priority: 'bulk' })
      const uuid = uuidOf(answer)
      assert.deepEqual(
        [answer.messages[0]?.status, answer.messages[0]?.source, answer.send_at],
        ['scheduled', 'legacy', sendAt],
      )
      assert.deepEqual(await ledger(uuid), { state: 'claimed', holder: 'legacy', reason: null })
      const { status, send_at, authority } = await view(uuid)
      assert.deepEqual(
        [status, send_at, authority],
        ['scheduled', sendAt, { state: 'claimed', holder: 'legacy' }],
      )
      assert.deepEqual(await carried(uuid), [])
      assert.equal(await logged(uuid), undefined)
      await sentOnceBy('legacy', uuid, sendAt)
      assert.deepEqual(await logged(uuid), { source: 'legacy', status: 'sent', fallback: null, reason: null })
      assert.equal((await view(uuid))['status'], 'sent')
    })
  }

  test('SHADOW: the service rehearses it at entry; nothing of it is scheduled there', async () => {
    await system.mode('SHADOW')
    const answer = await send({ send_at: inMs(SOON_MS), valid_until: inMs(60_000), segments_max: 1 })
    const uuid = uuidOf(answer)
    const rehearsed = () =>
      system.sql<{ status: string }>(
        `select status from messaging.go_sms_logs where message_uuid = '${uuid}' and dry_run`,
      )
    assert.deepEqual(await eventually(rehearsed, (rows) => rows.length > 0), [{ status: 'accepted' }])
    await drained()
    assert.equal((await carried(uuid)).length, 1)
  })

  test('ON: the service has it, charged at acceptance, and sends it when it is due', async () => {
    await system.mode('ON')
    const before = await quota()
    const sendAt = inMs(SOON_MS)
    const answer = await send({ send_at: sendAt })
    const uuid = uuidOf(answer)
    assert.deepEqual([answer.messages[0]?.status, answer.send_at], ['accepted', sendAt])
    assert.deepEqual(await quota(), { used: (before?.used ?? 0) + 1, reserved: 0 })
    assert.deepEqual(await carried(uuid), [])
    await sentOnceBy('service', uuid, sendAt)
  })

  test('in the past it means now, in every mode', async () => {
    for (const mode of ['OFF', 'SHADOW', 'ON']) {
      await system.mode(mode)
      const answer = await send({ send_at: '1970-01-01T00:00:00Z' })
      assert.equal(answer.messages[0]?.status, mode === 'ON' ? 'accepted' : 'sent')
    }
    await drained()
  })

  test('the audit counts it as scheduled, and finds nothing wrong while it waits', async () => {
    await system.mode('OFF')
    const answer = await send({ send_at: inMs(3_600_000) })
    // As if it had been entered an hour ago: no grace hides it.
    await system.sql(
      `update legacy.unresolved_messages set noted_at = now() - interval '1 hour' where message_uuid = '${uuidOf(answer)}'`,
    )
    const databases = { legacy: system.database.gateway, messaging: system.database.gateway }
    const { balance } = await readBalance(databases.legacy, databases.messaging, everything)
    assert.deepEqual([balance.scheduled, balance.unresolved, imbalanceOf(balance)], [1, 0, 0])
    const { verdict, report } = await audit({ ...databases, window: everything, graceMs: 0 })
    assert.deepEqual([verdict, report.mismatches, report.in_flight], ['PASS', {}, 0])
    const status = await system.call<Record<string, unknown>>(
      'GET',
      '/operator/status',
      undefined,
      OPERATOR_KEY,
    )
    assert.deepEqual([status.body['scheduled_messages'], status.body['unresolved_messages']], [1, 0])
    // Time passes.
    await system.sql(
      `update messaging.execution_authority set not_before = now() where message_uuid = '${uuidOf(answer)}'`,
    )
    await system.sql(
      `update legacy.unresolved_messages set due_at = now() where message_uuid = '${uuidOf(answer)}'`,
    )
    await drained()
    assert.equal((await carried(uuidOf(answer))).length, 1)
  })
})

describe('the mode flips between entry and send_at', () => {
  test('OFF to ON: who holds it sends it: legacy, once', async () => {
    await system.mode('OFF')
    const sendAt = inMs(SOON_MS)
    const answer = await send({ send_at: sendAt })
    await system.mode('ON')
    await sentOnceBy('legacy', uuidOf(answer), sendAt)
  })

  test('ON to OFF: the service has accepted it and drains it, once', async () => {
    await system.mode('ON')
    const sendAt = inMs(SOON_MS)
    const answer = await send({ send_at: sendAt })
    await system.mode('OFF')
    await sentOnceBy('service', uuidOf(answer), sendAt)
  })
})

describe('fallback of a scheduled message', () => {
  test('the service is away: legacy holds it, quota stays reserved until it ends and is not charged', async () => {
    await system.mode('ON')
    const before = await quota()
    await system.faults({ refuse: true })
    const sendAt = inMs(SOON_MS)
    const answer = await send({ send_at: sendAt })
    await system.faults({})
    const uuid = uuidOf(answer)
    const [message] = answer.messages
    assert.deepEqual(
      [message?.status, message?.source, message?.fallback],
      ['scheduled', 'legacy', 'transport'],
    )
    assert.deepEqual(await quota(), { used: before?.used, reserved: 1 })
    await sentOnceBy('legacy', uuid, sendAt)
    assert.equal((await logged(uuid))?.fallback, 'transport')
    assert.deepEqual(await quota(), { used: before?.used, reserved: 0 })
  })

  test('its late request meets the claim: the service never accepts what legacy holds', async () => {
    await system.mode('ON')
    await system.faults({ delay_ms: 900 })
    const sendAt = inMs(SOON_MS + 1_000)
    const answer = await send({ send_at: sendAt })
    const uuid = uuidOf(answer)
    assert.deepEqual([answer.messages[0]?.status, answer.messages[0]?.fallback], ['scheduled', 'timeout'])
    await new Promise((resolve) => setTimeout(resolve, 900))
    await system.faults({})
    assert.deepEqual(await ledger(uuid), { state: 'claimed', holder: 'legacy', reason: null })
    await sentOnceBy('legacy', uuid, sendAt)
  })

  test('its answer is lost: the service has it, and sends it when it is due', async () => {
    await system.mode('ON')
    await system.faults({ swallow: true })
    const sendAt = inMs(SOON_MS)
    const answer = await send({ send_at: sendAt })
    await system.faults({})
    assert.deepEqual([answer.messages[0]?.status, answer.messages[0]?.source], ['accepted', 'go'])
    await sentOnceBy('service', uuidOf(answer), sendAt)
  })
})

describe('valid_until', () => {
  test('it passes while legacy holds the message: nobody sends, the status says why', async () => {
    await system.mode('OFF')
    const answer = await send({ send_at: inMs(SOON_MS), valid_until: inMs(60_000) })
    const uuid = uuidOf(answer)
    // As after an absence of all gateways: it is due, and its validity has passed already.
    await system.sql(
      `update messaging.execution_authority set valid_until = now() where message_uuid = '${uuid}'`,
    )
    const row = await eventually(
      () => logged(uuid),
      (found) => found !== undefined,
    )
    assert.deepEqual(row, {
      source: 'legacy',
      status: 'failed',
      fallback: null,
      reason: 'valid_until has passed',
    })
    assert.deepEqual(await ledger(uuid), { state: 'void', holder: null, reason: 'valid_until has passed' })
    assert.deepEqual((await view(uuid))['authority'], { state: 'void', holder: null })
    assert.deepEqual(await carried(uuid), [])
    await drained()
  })

  test('it passes while the service holds it: void, the verdict and its charge stand, the ledger says why', async () => {
    await system.mode('ON')
    const answer = await send({ send_at: inMs(60_000), valid_until: inMs(120_000) })
    const uuid = uuidOf(answer)
    await system.sql(
      `update messaging.execution_authority set valid_until = now() where message_uuid = '${uuid}'`,
    )
    await eventually(
      () => ledger(uuid),
      (row) => row?.state === 'void',
    )
    const { status, authority } = await view(uuid)
    assert.deepEqual([status, authority], ['accepted', { state: 'void', holder: null }])
    assert.deepEqual(
      await system.sql(`select status, reason from messaging.go_sms_logs where message_uuid = '${uuid}'`),
      [{ status: 'void', reason: 'valid_until has passed' }],
    )
    assert.deepEqual(await carried(uuid), [])
  })

  test('it passes while the fallback is decided: void, told so, quota released', async () => {
    await system.mode('ON')
    const before = await quota()
    await system.faults({ blackhole: true })
    const answer = await send({ valid_until: inMs(300) })
    await system.faults({})
    assert.deepEqual(
      [answer.messages[0]?.status, answer.messages[0]?.reason],
      ['failed', 'valid_until has passed'],
    )
    assert.deepEqual(await carried(uuidOf(answer)), [])
    assert.deepEqual(await quota(), { used: before?.used, reserved: 0 })
  })

  test('ahead of it a message goes as ever, in every mode', async () => {
    for (const mode of ['OFF', 'SHADOW', 'ON']) {
      await system.mode(mode)
      const answer = await send({ valid_until: inMs(60_000) })
      assert.equal(answer.messages[0]?.status, mode === 'ON' ? 'accepted' : 'sent')
    }
    await drained()
  })
})

test('two gateways look at what is due: each message goes once', async () => {
  await system.mode('OFF')
  const other = await system.anotherGateway()
  const to = reservedNumbers(120)
  const sendAt = inMs(SOON_MS)
  const answer = await send({ to, send_at: sendAt })
  assert.ok(answer.messages.every(({ status }) => status === 'scheduled'))
  await drained()
  const references = (await system.carrier()).map(({ reference }) => reference)
  for (const { message_uuid } of answer.messages) {
    assert.equal(references.filter((reference) => reference === message_uuid).length, 1)
  }
  await other.stop()
})

test('I1, I3, I7, I12: all of it holds by the carrier’s own log', async () => {
  await drained()
  const verdict = await checkInvariants({
    ask: system.sql,
    carrier: await system.carrier(),
    acknowledged,
  })
  assert.equal(verdict.unresolved, 0)
  assert.ok(verdict.entered > 120)
})
