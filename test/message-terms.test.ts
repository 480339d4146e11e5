// The terms of a request: segments_max in every mode, the same key, and crashes between entry and send_at.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { checkInvariants } from './support/checker.ts'
import { reservedNumbers } from './support/numbers.ts'
import { inMs, scheduling, SOON_MS, uuidOf } from './support/scheduling.ts'
import { eventually, startSystem, unique } from './support/system.ts'

const system = await startSystem()
const [a, b] = reservedNumbers(2)
const { acknowledged, send, carried, view, drained, sentOnceBy } = scheduling(system)

describe('segments_max', () => {
  for (const mode of ['OFF', 'SHADOW', 'ON']) {
    test(`${mode}: a longer text is refused before anything is recorded; one that fits is sent`, async () => {
      await system.mode(mode)
      const [requests] = await system.sql<{ n: number }>('select count(*) as n from legacy.requests')
      const reply = await system.send({ to: [a!, b!], body: 'x'.repeat(161), segments_max: 1 })
      assert.equal(reply.status, 400)
      const { code, detail } = reply.body as unknown as { code: string; detail: string }
      assert.equal(code, 'too_many_segments')
      assert.equal(detail, 'body: takes 2 segments, segments_max is 1; nothing was sent')
      assert.deepEqual(await system.sql('select count(*) as n from legacy.requests'), [requests])
      const fits = await send({ body: 'x'.repeat(161), segments_max: 2 })
      assert.equal(fits.messages[0]?.segments, 2)
      await drained()
      assert.equal((await carried(uuidOf(fits))).length, 1)
    })
  }

  test('one euro sign less or more decides as on the wire (UCS-2: 70, 67 a part)', async () => {
    await system.mode('OFF')
    assert.equal((await system.send({ to: a!, body: 'ж'.repeat(71), segments_max: 1 })).status, 400)
    assert.equal((await send({ body: 'ж'.repeat(70), segments_max: 1 })).messages[0]?.status, 'sent')
  })
})

describe('the same key', () => {
  const keyed = (key: string) => ({ 'idempotency-key': key })

  test('a scheduled request is replayed word for word, also when its times have passed', async () => {
    await system.mode('OFF')
    const key = unique()
    const terms = { send_at: inMs(400), valid_until: inMs(1_900) }
    const first = await send(terms, keyed(key))
    await drained()
    await new Promise((resolve) => setTimeout(resolve, Date.parse(terms.valid_until) - Date.now() + 50))
    const again = await system.send({ to: a, body: 'later', ...terms }, keyed(key))
    assert.equal(again.status, 202)
    assert.equal(again.headers.get('idempotency-replayed'), 'true')
    assert.deepEqual(again.body, first)
    assert.ok((await carried(uuidOf(first))).length <= 1)
    const fresh = await system.send({ to: a, body: 'later', ...terms }, keyed(unique()))
    assert.equal(fresh.status, 400, 'as a new request it is too late')
  })

  test('the terms are part of the content; the same moment written otherwise is the same', async () => {
    const key = unique()
    const body = { to: a!, body: 'terms', valid_until: '2999-01-01T00:00:00Z', priority: 'code' }
    const first = await send(body, keyed(key))
    const same = await system.send({ ...body, valid_until: '2999-01-01T00:00:00.000Z' }, keyed(key))
    assert.deepEqual(same.body, first)
    for (const change of [
      { priority: 'bulk' },
      { priority: undefined },
      { valid_until: '2999-01-01T00:00:01Z' },
      { segments_max: 3 },
    ]) {
      const other = await system.send({ ...body, ...change }, keyed(key))
      assert.equal(other.status, 422, JSON.stringify(change))
    }
  })

  test('a request without terms hashes as it always did', async () => {
    const answer = await send({ body: 'plain' })
    const [row] = await system.sql<{ hash: string }>(
      `select encode(content_sha256, 'hex') as hash from legacy.requests where request_id = '${answer.request_id}'`,
    )
    const before = JSON.stringify([a, 'plain', null, null])
    assert.equal(row?.hash, createHash('sha256').update(before).digest('hex'))
  })

  test('after a crash it goes on under its terms, held until it is due', async () => {
    await system.mode('OFF')
    const key = unique()
    const sendAt = inMs(SOON_MS + 1_000)
    const first = await send({ send_at: sendAt, segments_max: 4 }, keyed(key))
    // Killed after entry, before anything else: no row in the ledger, no note, no answer.
    await system.sql(
      `update legacy.requests set answered_at = null, answer = null, owner = 1 where request_id = '${first.request_id}'`,
    )
    await system.sql(`delete from legacy.unresolved_messages where message_uuid = '${uuidOf(first)}'`)
    await system.sql(`alter table messaging.execution_authority disable trigger all`)
    await system.sql(`delete from messaging.execution_authority where message_uuid = '${uuidOf(first)}'`)
    await system.sql(`alter table messaging.execution_authority enable trigger all`)
    const again = await send({ send_at: sendAt, segments_max: 4 }, keyed(key))
    assert.deepEqual(again, first)
    await sentOnceBy('legacy', uuidOf(first), sendAt)
  })
})

test('a held message whose request was left unanswered is held on, and sent when it is due', async () => {
  await system.mode('OFF')
  const sendAt = inMs(SOON_MS + 1_500)
  const answer = await send({ send_at: sendAt })
  // Killed between the claim in the ledger and the record of the answer.
  await system.sql(
    `update legacy.requests set answered_at = null, owner = 1, received_at = now() - interval '5 seconds'
      where request_id = '${answer.request_id}'`,
  )
  await system.sql(`delete from legacy.unresolved_messages where message_uuid = '${uuidOf(answer)}'`)
  await eventually(
    () =>
      system.sql<{ due_at: Date | null }>(
        `select due_at from legacy.unresolved_messages where message_uuid = '${uuidOf(answer)}'`,
      ),
    ([row]) => row?.due_at?.toISOString() === sendAt,
  )
  await sentOnceBy('legacy', uuidOf(answer), sendAt)
})

test('scheduled, due, and noted long ago: it is sent, since only valid_until makes it too late', async () => {
  await system.mode('OFF')
  const answer = await send({ send_at: inMs(3_600_000) })
  const uuid = uuidOf(answer)
  // As a gateway leaves it that finds it due, and dies before it is dispatched.
  await system.sql(
    `update legacy.unresolved_messages set due_at = null, noted_at = now() - interval '1 hour'
      where message_uuid = '${uuid}'`,
  )
  await system.sql(
    `update messaging.execution_authority set not_before = now() where message_uuid = '${uuid}'`,
  )
  await sentOnceBy('legacy', uuid, inMs(-60_000))
})

test('the ledger was away at entry: unresolved, then held until it is due', async () => {
  await system.mode('OFF')
  const sendAt = inMs(SOON_MS + 2_500)
  await system.sql('alter table messaging.execution_authority rename to elsewhere')
  const reply = await system.send({ to: a, body: 'later', send_at: sendAt })
  await system.sql('alter table messaging.elsewhere rename to execution_authority')
  const uuid = uuidOf(reply.body)
  acknowledged.push(...reply.body.messages)
  assert.equal(reply.body.messages[0]?.status, 'unresolved')
  await eventually(
    () => view(uuid),
    ({ status }) => status === 'scheduled',
  )
  assert.deepEqual(await carried(uuid), [])
  await sentOnceBy('legacy', uuid, sendAt)
})

test('I1, I3, I7, I12: all of it holds by the carrier’s own log', async () => {
  await drained()
  await checkInvariants({ ask: system.sql, carrier: await system.carrier(), acknowledged })
})
