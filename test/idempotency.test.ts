// Idempotency-Key, replay after a crash, quota once under replay, and requests that nobody continues.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { SendResponse } from '../src/contract/gateway-api.ts'
import { reservedNumbers } from './support/numbers.ts'
import { eventually, startSystem, unique, SEND_KEY } from './support/system.ts'

const system = await startSystem({ gateway: { keyedGraceMs: 3_000 } })
await system.mode('ON')
const [a, b] = reservedNumbers(2)
const keyed = (key: string) => ({ 'idempotency-key': key })
const uuidsOf = (body: SendResponse) => body.messages.map(({ message_uuid }) => message_uuid)

async function used(): Promise<number> {
  const [row] = await system.sql<{ used: number }>(
    `select used from legacy.quota_accounts where tenant = 'demo'`,
  )
  return row?.used ?? 0
}

/** Leaves the request as a gateway does that is killed: unanswered, owned by nobody alive. */
async function crash(requestId: string, forget = ''): Promise<void> {
  await system.sql(
    `update legacy.requests set answered_at = null, answer = null, owner = 1 where request_id = '${requestId}'`,
  )
  if (forget) await system.sql(forget)
}

describe('the same key', () => {
  test('same body: same uuids, the stored answer word for word, nothing sent or charged again', async () => {
    const key = unique()
    const first = await system.send({ to: [a!, b!], body: 'hello' }, keyed(key))
    const before = await used()
    const again = await system.send({ to: [a!, b!], body: 'hello' }, keyed(key))
    assert.equal(again.status, 202)
    assert.equal(again.headers.get('idempotency-replayed'), 'true')
    assert.equal(JSON.stringify(again.body), JSON.stringify(first.body))
    assert.equal(await used(), before)
  })

  test('another body: 422, nothing sent', async () => {
    const key = unique()
    await system.send({ to: a!, body: 'one' }, keyed(key))
    const carried = (await system.carrier()).length
    const other = await system.send({ to: a!, body: 'two' }, keyed(key))
    assert.equal(other.status, 422)
    assert.equal((other.body as unknown as { code: string }).code, 'idempotency_key_reused')
    assert.ok((await system.carrier()).length <= carried + 1)
  })

  test('in flight: 409, by this gateway and by another; afterwards the answer', async () => {
    const key = unique()
    const other = await system.anotherGateway()
    await system.faults({ blackhole: true })
    const slow = system.send({ to: a!, body: 'slow' }, keyed(key))
    await new Promise((resolve) => setTimeout(resolve, 150))
    const [here, there] = await Promise.all([
      system.send({ to: a!, body: 'slow' }, keyed(key)),
      other.call('POST', '/v1/sms', { to: a, body: 'slow' }, SEND_KEY, keyed(key)),
    ])
    await system.faults({})
    assert.deepEqual([here.status, there.status], [409, 409])
    assert.equal(here.headers.get('retry-after'), '1')
    const done = await slow
    assert.equal(done.status, 202)
    const replay = await other.call<SendResponse>(
      'POST',
      '/v1/sms',
      { to: a, body: 'slow' },
      SEND_KEY,
      keyed(key),
    )
    assert.deepEqual(uuidsOf(replay.body), uuidsOf(done.body))
  })

  test('sent concurrently many times: one request, one message, one charge (I5, I7)', async () => {
    const key = unique()
    const before = await used()
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => system.send({ to: a!, body: 'many' }, keyed(key))),
    )
    assert.ok(replies.every(({ status }) => status === 202 || status === 409))
    const answered = replies.filter(({ status }) => status === 202)
    assert.ok(answered.length >= 1)
    assert.equal(new Set(answered.flatMap(({ body }) => uuidsOf(body))).size, 1)
    assert.equal(await used(), before + 1)
  })
})

test('a key is kept for 30 days; then it is free, and the request is as it was', async () => {
  const key = unique()
  const first = await system.send({ to: a!, body: 'old' }, keyed(key))
  const young = unique()
  const kept = await system.send({ to: a!, body: 'young' }, keyed(young))
  const age = (id: string, days: number) =>
    system.sql(
      `update legacy.requests set received_at = now() - interval '${days} days' where request_id = '${id}'`,
    )
  await age(first.body.request_id, 31)
  await age(kept.body.request_id, 29)
  const housekeeping = await system.anotherGateway() // it tidies up when it starts, then every hour
  await eventually(
    () =>
      system.sql<{ idempotency_key: string | null }>(
        `select idempotency_key from legacy.requests where request_id = '${first.body.request_id}'`,
      ),
    ([row]) => row?.idempotency_key === null,
  )
  await housekeeping.stop()
  const again = await system.send({ to: a!, body: 'new content' }, keyed(key))
  assert.equal(again.status, 202)
  assert.notDeepEqual(uuidsOf(again.body), uuidsOf(first.body))
  const replay = await system.send({ to: a!, body: 'young' }, keyed(young))
  assert.deepEqual(uuidsOf(replay.body), uuidsOf(kept.body))
})

describe('after a crash in the middle', () => {
  test('before anything was sent: the retry sends, under the uuids of the first run', async () => {
    const key = unique()
    await system.mode('OFF')
    const first = await system.send({ to: [a!, b!], body: 'crash' }, keyed(key))
    const ids = uuidsOf(first.body)
      .map((id) => `'${id}'`)
      .join(',')
    await crash(first.body.request_id, `delete from legacy.sms_logs where message_uuid in (${ids})`)
    await system.sql(`alter table messaging.execution_authority disable trigger all`)
    await system.sql(`delete from messaging.execution_authority where message_uuid in (${ids})`)
    await system.sql(`alter table messaging.execution_authority enable trigger all`)
    const retry = await system.send({ to: [a!, b!], body: 'crash' }, keyed(key))
    assert.equal(retry.status, 202)
    assert.deepEqual(uuidsOf(retry.body), uuidsOf(first.body))
    assert.ok(retry.body.messages.every(({ status }) => status === 'sent'))
    await system.mode('ON')
  })

  test('after the sends: the others are reported as the ledger has them, nothing goes out again', async () => {
    await system.mode('OFF')
    const key = unique()
    const first = await system.send({ to: [a!, b!], body: 'done' }, keyed(key))
    await crash(first.body.request_id)
    const retry = await system.send({ to: [a!, b!], body: 'done' }, keyed(key))
    assert.deepEqual(retry.body.messages, first.body.messages)
    const sends = (await system.carrier()).filter(({ reference }) => uuidsOf(first.body).includes(reference))
    assert.equal(sends.length, 2)
    await system.mode('ON')
  })

  test('the epoch and mode of the first run hold, whatever the mode is now', async () => {
    const key = unique()
    await system.mode('OFF')
    const first = await system.send({ to: a!, body: 'pinned' }, keyed(key))
    await system.mode('ON')
    await crash(first.body.request_id)
    const retry = await system.send({ to: a!, body: 'pinned' }, keyed(key))
    assert.equal(retry.body.mode, 'OFF')
  })

  test('quota is charged once however often a request is continued', async () => {
    const key = unique()
    const before = await used()
    const first = await system.send({ to: [a!, b!], body: 'quota' }, keyed(key))
    for (let run = 0; run < 3; run++) {
      await crash(first.body.request_id)
      const retry = await system.send({ to: [a!, b!], body: 'quota' }, keyed(key))
      assert.deepEqual(uuidsOf(retry.body), uuidsOf(first.body))
    }
    assert.equal(await used(), before + 2)
    const [account] = await system.sql<{ reserved: number }>(`select reserved from legacy.quota_accounts`)
    assert.equal(account?.reserved, 0)
  })

  test('without a key nobody continues it: what the ledger does not have is voided, never sent late', async () => {
    const first = await system.send({ to: [a!, b!], body: 'left' })
    const [kept, lost] = uuidsOf(first.body)
    const drained = () =>
      system.sql<{ state: string }>(
        `select state from messaging.execution_authority where message_uuid = '${kept}'`,
      )
    await eventually(drained, ([row]) => row?.state === 'sent')
    await system.sql(`alter table messaging.execution_authority disable trigger all`)
    await system.sql(`delete from messaging.execution_authority where message_uuid = '${lost}'`)
    await system.sql(`alter table messaging.execution_authority enable trigger all`)
    await crash(first.body.request_id, `delete from legacy.sms_logs where message_uuid = '${lost}'`)
    await system.sql(
      `update legacy.requests set received_at = now() - interval '5 seconds' where request_id = '${first.body.request_id}'`,
    )
    const rows = await eventually(
      () =>
        system.sql<{ message_uuid: string; status: string }>(
          `select message_uuid, status from legacy.sms_logs where message_uuid in ('${kept}', '${lost}') and not dry_run`,
        ),
      (found) => found.length === 2,
    )
    const status = new Map(rows.map((row) => [row.message_uuid, row.status]))
    assert.deepEqual([status.get(kept!), status.get(lost!)], ['accepted', 'failed'])
    const [state] = await system.sql<{ state: string }>(
      `select state from messaging.execution_authority where message_uuid = '${lost}'`,
    )
    assert.equal(state?.state, 'void')
  })

  test('with a key that never comes back it ends the same way, and a late retry gets that answer', async () => {
    const key = unique()
    const first = await system.send({ to: a!, body: 'late' }, keyed(key))
    await system.sql(
      `update legacy.requests set received_at = now() - interval '10 seconds' where request_id = '${first.body.request_id}'`,
    )
    await crash(first.body.request_id)
    const ended = () =>
      system.sql<{ ended: boolean }>(
        `select answered_at is not null as ended from legacy.requests where request_id = '${first.body.request_id}'`,
      )
    await eventually(ended, ([row]) => row?.ended === true)
    const retry = await system.send({ to: a!, body: 'late' }, keyed(key))
    assert.equal(retry.status, 202)
    assert.deepEqual(uuidsOf(retry.body), uuidsOf(first.body))
  })
})
