// What the service has accepted and not begun goes back to the legacy side: told first, then done, each message once.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { HandBackResult } from '../src/gateway/hand-back.ts'
import { checkInvariants } from './support/checker.ts'
import { cliWith } from './support/cli.ts'
import { reservedNumbers } from './support/numbers.ts'
import { eventually, OPERATOR_KEY, SEND_KEY, startSystem } from './support/system.ts'

// The service begins to send for this sender after a thousand seconds: until then all its messages wait.
const SLOW = 'Slow'
const system = await startSystem({ senderPaces: { [SLOW]: 0.001 } })
const cli = cliWith(() => ({
  BATON_GATEWAY_URL: system.gateway.url,
  BATON_OPERATOR_KEY: OPERATOR_KEY,
  DATABASE_URL: system.database.gatewayUrl,
}))
const handBack = async (...more: string[]) => (await cli.json<HandBackResult>('hand-back', ...more)).value
const execute = (...more: string[]) => handBack('--execute', '--reason', 'rollback test', ...more)

interface Row {
  message_uuid: string
  state: string
  holder: string | null
}
const quoted = (uuids: readonly string[]) => uuids.map((uuid) => `'${uuid}'`).join(',')
const ledgerOf = (uuids: readonly string[]) =>
  system.sql<Row>(
    `select message_uuid, state, holder from messaging.execution_authority
     where message_uuid in (${quoted(uuids)}) order by message_uuid`,
  )
const until = (uuids: readonly string[], state: string) =>
  eventually(
    () => ledgerOf(uuids),
    (rows) => rows.length === uuids.length && rows.every((row) => row.state === state),
  )
const logsOf = (uuid: string) =>
  system.sql(
    `select source, status, delivery_status, handed_back, reason from legacy.sms_logs
     where message_uuid = '${uuid}' order by source`,
  )
async function carriedBy(uuids: readonly string[]) {
  const ids = new Set(uuids)
  return (await system.carrier()).filter(({ reference }) => ids.has(reference))
}
async function acceptSlowly(count: number): Promise<string[]> {
  const { status, body } = await system.send({ to: reservedNumbers(count), body: 'handed back', from: SLOW })
  assert.equal(status, 202)
  for (const message of body.messages) assert.deepEqual([message.source, message.status], ['go', 'accepted'])
  return body.messages.map(({ message_uuid }) => message_uuid).toSorted()
}

await system.mode('ON')
const held = await acceptSlowly(20)
const nothing = { claimed: 0, scheduled: 0, tried: 0, late: 0, dispatched: 0, in_doubt: 0 }

describe('the rehearsal', () => {
  test('tells what the service holds, and changes nothing', async () => {
    const before = await ledgerOf(held)
    const { executed, handed_back, held: found } = await handBack()
    assert.deepEqual([executed, handed_back, found], [false, 0, { ...nothing, claimed: 20 }])
    assert.deepEqual((await handBack('--tenant', 'demo')).held.claimed, 20)
    assert.deepEqual((await handBack('--tenant', 'nobody')).held, nothing)
    assert.match((await cli.run('hand-back')).out, /claimed +20 .*\n(.*\n)+Nothing was changed/)
    assert.deepEqual(await ledgerOf(held), before)
    assert.ok(before.every(({ state, holder }) => state === 'claimed' && holder === 'go'))
  })

  test('doing it needs a reason; a wrong call changes nothing', async () => {
    assert.equal((await cli.run('hand-back', '--execute')).code, 2)
    assert.equal((await cli.run('hand-back', '--limit', '0')).code, 2)
    assert.equal((await handBack()).held.claimed, 20)
  })
})

test('another tenant’s messages stay; a limit is a limit; what was handed back is sent by the legacy side, once', async () => {
  await system.mode('OFF')
  assert.equal((await execute('--tenant', 'nobody')).handed_back, 0)
  const some = await execute('--limit', '5')
  assert.deepEqual([some.executed, some.handed_back, some.kept_by_service], [true, 5, 0])
  const rest = await execute('--tenant', 'demo')
  assert.deepEqual([rest.held.claimed, rest.handed_back], [15, 15])
  await until(held, 'sent')
  const carried = await carriedBy(held)
  assert.deepEqual(carried.map(({ reference }) => reference).toSorted(), held)
  assert.ok(carried.every(({ account, body }) => account === 'legacy' && body === 'handed back'))
  assert.equal((await execute()).handed_back, 0, 'again: nothing is left')
})

test('I7: the verdict stays and was charged once; the legacy row stands beside it; every view tells it', async () => {
  const [uuid] = held
  const [go, legacy] = await eventually(
    () => logsOf(uuid!),
    (rows) => rows.length === 2,
  )
  assert.deepEqual(
    [go?.['source'], go?.['status'], go?.['delivery_status'], go?.['handed_back']],
    ['go', 'accepted', 'handed_back', false],
  )
  assert.deepEqual(
    [legacy?.['source'], legacy?.['status'], legacy?.['handed_back']],
    ['legacy', 'sent', true],
  )
  assert.deepEqual(
    await system.sql(`select used, reserved from legacy.quota_accounts where tenant = 'demo'`),
    [{ used: 20, reserved: 0 }],
  )
  const log = await system.sql(
    `select status, reason from messaging.go_sms_logs where message_uuid = '${uuid}'`,
  )
  assert.deepEqual(log, [{ status: 'handed_back', reason: 'rollback test' }])
  const seen = await system.call<Record<string, unknown>>('GET', `/v1/sms/${uuid}`, undefined, SEND_KEY)
  assert.deepEqual([seen.body['status'], seen.body['delivery_status']], ['accepted', 'sent'])
  assert.ok(seen.body['provider_message_id'])
  const history = await cli.run('message', uuid!)
  assert.match(history.out, /handed_back/)
})

test('scheduled messages keep their time, and past their validity they are void', async () => {
  await system.mode('ON')
  const [scheduled, late, due] = await acceptSlowly(3)
  await system.mode('OFF')
  await system.sql(
    `update messaging.execution_authority set not_before = now() + interval '1 hour' where message_uuid = '${scheduled}'`,
  )
  await system.stopService() // else it voids the late one itself
  await system.sql(
    `update messaging.execution_authority set valid_until = now() - interval '1 second' where message_uuid = '${late}'`,
  )
  const { held: found, handed_back } = await execute()
  assert.deepEqual([found, handed_back], [{ ...nothing, claimed: 1, scheduled: 1, late: 1 }, 3])
  await until([due!], 'sent')
  await until([late!], 'void')
  const [, voided] = await eventually(
    () => logsOf(late!),
    (rows) => rows.length === 2,
  )
  assert.deepEqual([voided?.['status'], voided?.['reason']], ['failed', 'valid_until has passed'])
  assert.deepEqual(
    (await ledgerOf([scheduled!])).map(({ state, holder }) => [state, holder]),
    [['claimed', 'legacy']],
  )
  assert.deepEqual(await carriedBy([scheduled!, late!]), [])
  await system.sql(
    `update messaging.execution_authority set not_before = now() where message_uuid = '${scheduled}'`,
  )
  await until([scheduled!], 'sent')
  assert.deepEqual(
    (await carriedBy([scheduled!, late!])).map(({ account }) => account),
    ['legacy'],
  )
  await system.restartService()
})

test('with the service down for good everything it had not begun is sent all the same', async () => {
  await system.mode('ON')
  const stuck = await acceptSlowly(12)
  await system.stopService()
  await system.mode('OFF')
  assert.equal((await execute()).handed_back, 12)
  await until(stuck, 'sent')
  assert.deepEqual(
    (await carriedBy(stuck)).map(({ account }) => account),
    stuck.map(() => 'legacy'),
  )
  await system.restartService()
})

describe('a gateway that died', () => {
  const noted = (uuid: string) => `
    with handed as (
      update legacy.sms_logs set delivery_status = 'handed_back' where message_uuid = '${uuid}' and source = 'go'
      returning message_uuid, request_id)
    insert into legacy.unresolved_messages (message_uuid, request_id, reason, handed_back)
    select message_uuid, request_id, 'handed back by the messaging service', true from handed`
  const handedBack = (uuid: string) => `select messaging.hand_back('{${uuid}}', gen_random_uuid(), 'died')`
  const dispatched = (uuid: string) => `
    update messaging.execution_authority set state = 'dispatched', attempt_token = gen_random_uuid(), attempts = 1,
      provider = 'sandbox-legacy', dispatched_at = now() - interval '1 hour'
    where message_uuid = '${uuid}'`
  const settled = (uuid: string) => `
    update messaging.execution_authority set state = 'sent', provider_message_id = 'known', settled_at = now()
    where message_uuid = '${uuid}'`

  /** Brings a message to where a gateway left it, in one step, so that no live one comes in between. */
  async function leftAfter(...steps: ((uuid: string) => string)[]): Promise<string> {
    await system.mode('ON')
    const [uuid] = await acceptSlowly(1)
    assert.ok(uuid)
    await system.mode('OFF')
    await system.database.admin.transaction(async (runner) => {
      for (const step of steps) await runner.run({ name: '', text: step(uuid) })
    })
    return uuid
  }
  const legacyRowOf = async (uuid: string) =>
    (
      await eventually(
        () => logsOf(uuid),
        (rows) => rows.length === 2,
      )
    )[1]

  test('after the hand-back: another one sends', async () => {
    const uuid = await leftAfter(handedBack)
    await until([uuid], 'sent')
    assert.equal((await carriedBy([uuid])).length, 1)
  })

  test('after it stood on the work list: another one sends', async () => {
    const uuid = await leftAfter(handedBack, noted)
    await until([uuid], 'sent')
    assert.equal((await carriedBy([uuid])).length, 1)
  })

  test('after the dispatch: nobody sends again, it is in doubt and says so', async () => {
    const uuid = await leftAfter(handedBack, noted, dispatched)
    await until([uuid], 'in_doubt')
    const row = await legacyRowOf(uuid)
    assert.deepEqual([row?.['status'], row?.['handed_back']], ['in_doubt', true])
    assert.deepEqual(await carriedBy([uuid]), [])
  })

  test('after the send was settled: the log is brought up to date, nobody sends again', async () => {
    const uuid = await leftAfter(handedBack, noted, dispatched, settled)
    const sent = await fetch(`${system.sandboxUrl}/accounts/legacy/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ to: reservedNumbers(1)[0], body: 'sent before it died', reference: uuid }),
    })
    assert.equal(sent.status, 201)
    const row = await legacyRowOf(uuid)
    assert.deepEqual([row?.['status'], row?.['handed_back']], ['sent', true])
    assert.equal((await carriedBy([uuid])).length, 1)
  })
})

test('back in ON while messages are handed back: they stay with the legacy side, new ones go to the service', async () => {
  const driver = { legacy: { latency_ms: 500 } }
  await system.mode('ON')
  const stuck = await acceptSlowly(10)
  await system.mode('OFF')
  await system.carrierFaults(driver)
  assert.equal((await execute()).handed_back, 10)
  await system.mode('ON')
  const fresh = await system.send({ to: reservedNumbers(3), body: 'fresh' })
  await until(stuck, 'sent')
  await until(fresh.body.messages.map(({ message_uuid }) => message_uuid).toSorted(), 'sent')
  await system.carrierFaults({})
  assert.ok((await carriedBy(stuck)).every(({ account }) => account === 'legacy'))
  assert.ok(fresh.body.messages.every(({ source }) => source === 'go'))
})

test('a message handed back before its caller was answered is the legacy side’s alone', async () => {
  await system.faults({ swallow: true })
  const sending = system.send({ to: reservedNumbers(1), body: 'handed back early', from: SLOW })
  const [row] = await eventually(
    () =>
      system.sql<Row>(
        `select message_uuid, state, holder from messaging.execution_authority where holder = 'go' and state = 'claimed'`,
      ),
    (rows) => rows.length === 1,
  )
  assert.equal((await execute()).handed_back, 1)
  const { body } = await sending
  await system.faults({})
  assert.equal(body.messages[0]?.message_uuid, row?.message_uuid)
  await until([row?.message_uuid ?? ''], 'sent')
  assert.deepEqual(
    (await carriedBy([row?.message_uuid ?? ''])).map(({ account }) => account),
    ['legacy'],
  )
})

test('I12: when all is done the books balance: the invariants hold, reconciliation and audit find nothing', async () => {
  await eventually(
    () => system.sql('select 1 from legacy.unresolved_messages'),
    (rows) => rows.length === 0,
  )
  const verdict = await checkInvariants({
    ask: (text) => system.sql(text),
    carrier: await system.carrier(),
    acknowledged: [],
  })
  assert.ok(verdict.handedBack >= 45, JSON.stringify(verdict))
  for (const verb of ['reconcile', 'audit']) {
    const { code, value } = await cli.json<{ findings?: unknown[]; report: { findings: unknown[] } }>(
      verb,
      '--full',
    )
    assert.deepEqual([verb, code, value.report.findings], [verb, 0, []])
  }
})
