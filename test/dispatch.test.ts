// Several providers in one service: routes, failover with proof only, pauses, paces, times, opt-outs.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createDispatching } from '../src/authority/dispatch.ts'
import { createClaims } from '../src/authority/claim.ts'
import { uuidv7 } from 'uuidv7'
import { testDatabase } from './support/database.ts'
import { serviceWith } from './support/service.ts'
import { eventually } from './support/system.ts'
import { routed, startVendor } from './support/vendors.ts'

const times = (count: number) => Array.from({ length: count }, () => ({}))

describe('failover', async () => {
  const database = await testDatabase()
  const [alpha, beta] = await Promise.all([startVendor('alpha'), startVendor('beta')])
  const service = await serviceWith(database, () => [
    routed(alpha, { rule: { name: 'alpha', cost: 1 } }),
    routed(beta, { rule: { name: 'beta', cost: 2 } }),
  ])
  const proofs = (uuid: string) =>
    service.ask<{ kind: string; to_state: string; detail: string }>(
      `select kind, to_state, detail from messaging.authority_proofs where message_uuid = '${uuid}' order by proof_id`,
    )

  test('the cheaper provider first; the other only with proof that the first did not send', async () => {
    const { uuids } = await service.accept(times(3))
    for (const row of await service.until(uuids, 'sent')) assert.equal(row.provider, 'alpha')
    alpha.course = 'refuse_account'
    const second = await service.accept(times(1))
    const [row] = await service.until(second.uuids, 'sent')
    assert.deepEqual([row?.provider, row?.attempts], ['beta', 2])
    assert.deepEqual(
      (await proofs(second.uuids[0] ?? '')).map(({ kind, to_state }) => [kind, to_state]),
      [['refusal', 'claimed']],
    )
    assert.deepEqual(beta.sent, second.uuids)
    alpha.course = 'accept'
  })

  test('an answer that is lost is no proof: nobody else sends it', async () => {
    alpha.course = 'lose_answer'
    const { uuids } = await service.accept(times(1))
    const [row] = await service.until(uuids, 'in_doubt')
    assert.equal(row?.provider, 'alpha')
    alpha.course = 'accept'
    await service.until((await service.accept(times(1))).uuids, 'sent')
    assert.ok(!beta.sent.includes(uuids[0] ?? ''))
    assert.equal(alpha.sent.filter((reference) => reference === uuids[0]).length, 1)
  })

  test('a server error is no proof either', async () => {
    alpha.course = 'out_of_order'
    const { uuids } = await service.accept(times(1))
    await service.until(uuids, 'in_doubt')
    alpha.course = 'accept'
    assert.ok(!beta.sent.includes(uuids[0] ?? ''))
    await service.until((await service.accept(times(1))).uuids, 'sent')
  })

  test('a refusal that blames the message ends it', async () => {
    alpha.course = 'refuse_message'
    const { uuids } = await service.accept(times(1))
    const [row] = await service.until(uuids, 'refused')
    assert.equal(row?.attempts, 1)
    alpha.course = 'accept'
  })

  test('a provider out of order is paused: what waits for it goes elsewhere and burns no attempt', async () => {
    alpha.course = 'out_of_order'
    const { uuids } = await service.accept(times(60))
    const rows = await service.until(uuids, 'sent', 'in_doubt')
    const doubtful = rows.filter(({ state }) => state === 'in_doubt')
    // What was in flight before the pause, and a probe or two after it.
    assert.ok(doubtful.length >= 5 && doubtful.length <= 24, `${doubtful.length} in doubt`)
    assert.ok(rows.every(({ attempts }) => attempts === 1))
    assert.ok(rows.filter(({ provider }) => provider === 'beta').length >= 30)
    alpha.course = 'accept'
    await eventually(
      async () => (await service.until((await service.accept(times(1))).uuids, 'sent'))[0]?.provider,
      (provider) => provider === 'alpha',
    )
  })

  test('nobody was sent to twice', () => {
    const all = [...alpha.sent, ...beta.sent]
    assert.equal(new Set(all).size, all.length)
  })
})

describe('a provider that is not there, and one that refuses for ever', async () => {
  const database = await testDatabase()
  const beta = await startVendor('beta')
  const gone = { name: 'gone', origin: 'http://127.0.0.1:9' }
  const service = await serviceWith(database, () => [
    routed(gone, { rule: { name: 'gone', cost: 1, tenants: ['acme', 'lone'] } }),
    routed(beta, { rule: { name: 'beta', cost: 2, tenants: ['acme'] } }),
    routed(
      { name: 'us-only', origin: beta.origin },
      { rule: { name: 'us-only', cost: 3, countries: ['US'] } },
    ),
  ])

  test('no connection is proof; the next provider sends', async () => {
    const { uuids } = await service.accept([{ tenant: 'acme' }])
    const [row] = await service.until(uuids, 'sent')
    assert.deepEqual([row?.provider, row?.attempts], ['beta', 2])
  })

  test('routes by country and tenant; where no provider sends, the message is rejected', async () => {
    const { results } = await service.accept([{}, { to: '+447700900001' }])
    assert.equal(results[0]?.status, 'accepted')
    assert.deepEqual([results[1]?.status, results[1]?.reason], ['rejected', 'to: no provider sends there'])
  })
})

describe('times, priorities, segments, opt-outs', async () => {
  const database = await testDatabase()
  const alpha = await startVendor('alpha')
  const service = await serviceWith(database, () => [routed(alpha, { inFlightMax: 1 })])
  const inMs = (ms: number) => new Date(Date.now() + ms).toISOString()

  test('send_at: not before; one-time codes before the rest, bulk last', async () => {
    const at = inMs(1_500)
    const bulk = await service.accept(times(5).map(() => ({ priority: 'bulk', send_at: at })))
    const normal = await service.accept(times(5).map(() => ({ send_at: at })))
    const code = await service.accept(times(5).map(() => ({ priority: 'code', send_at: at })))
    const uuids = [...code.uuids, ...normal.uuids, ...bulk.uuids]
    assert.deepEqual(alpha.sent, [], 'nothing went early')
    await service.until(uuids, 'sent')
    const [early] = await service.ask<{ n: number }>(
      `select count(*) as n from messaging.execution_authority where dispatched_at < '${at}'`,
    )
    assert.equal(early?.n, 0)
    const rank = new Map(uuids.map((uuid, index) => [uuid, Math.floor(index / 5)]))
    assert.deepEqual(
      alpha.sent.map((reference) => rank.get(reference)),
      uuids.map((uuid) => rank.get(uuid)),
    )
  })

  test('valid_until: what is past it is void, never sent late, and rejected when it is past already', async () => {
    const { results } = await service.accept([{ valid_until: inMs(-1) }])
    assert.deepEqual([results[0]?.status, results[0]?.reason], ['rejected', 'valid_until: has passed'])
    const wanted = await service.accept([{ valid_until: inMs(60_000) }])
    await service.until(wanted.uuids, 'sent')
    // The one place for a send is taken until the second message is past its time.
    alpha.course = 'lose_answer'
    const holdUp = await service.accept([{ priority: 'code' }])
    await eventually(async () => alpha.sent.includes(holdUp.uuids[0] ?? ''), Boolean)
    const late = await service.accept([{ valid_until: inMs(100) }])
    const [row] = await service.until(late.uuids, 'void', 'sent')
    assert.deepEqual([row?.state, row?.reason], ['void', 'valid_until has passed'])
    assert.ok(!alpha.sent.includes(late.uuids[0] ?? ''))
    alpha.course = 'accept'
  })

  test('segments_max: a text of more parts is rejected with its count', async () => {
    const { results } = await service.accept([{ body: 'x'.repeat(161), segments_max: 1 }])
    assert.equal(results[0]?.reason, 'body: takes 2 segments, segments_max is 1')
  })

  test('a number that said STOP: the claim refuses it; what was claimed before becomes void at dispatch', async () => {
    const scheduled = await service.accept([{ to: '+12025550177', send_at: inMs(900) }])
    await service.ask(
      `insert into messaging.opt_outs (recipient, reason, actor) values ('+12025550177', 'STOP', 't')`,
    )
    const { uuids, results } = await service.accept([{ to: '+12025550177' }, { to: '+12025550178' }])
    assert.deepEqual(
      results.map((result) => [result?.status, result?.reason]),
      [
        ['rejected', 'to: has opted out'],
        ['accepted', undefined],
      ],
    )
    const [voided] = await service.until(scheduled.uuids, 'void', 'sent')
    assert.deepEqual([voided?.state, voided?.reason], ['void', 'to: has opted out'])
    await service.until(uuids.slice(1), 'sent')
    const [log] = await service.ask<{ status: string; body: string | null }>(
      `select status, body from messaging.go_sms_logs where message_uuid = '${uuids[0]}'`,
    )
    assert.deepEqual(log, { status: 'rejected', body: null })
    assert.ok(!alpha.sent.includes(uuids[0] ?? '') && !alpha.sent.includes(scheduled.uuids[0] ?? ''))
    const again = await service.accept([{ message_uuid: scheduled.uuids[0] ?? '', to: '+12025550177' }])
    assert.equal(
      again.results[0]?.status,
      'superseded',
      'the ledger has it: the STOP list does not hide that',
    )
  })
})

describe('paces', async () => {
  const database = await testDatabase()
  const pace = { name: 'provider p', perSecond: 100, burst: 10 }

  test('processes that share a pace get together what it allows, however they race', async () => {
    const accepted = await createClaims(database.service, 2_000).accept(
      Array.from({ length: 400 }, () => ({
        messageUuid: uuidv7(),
        recipient: '+12025550100',
        sender: null,
        body: 'x',
        route: ['p'],
      })),
    )
    assert.equal(accepted.length, 400)
    const dispatchings = [createDispatching(database.service), createDispatching(database.service)]
    await dispatchings[0]?.preparePaces([pace.name])
    const clock = async () =>
      (
        await database.admin.run<{ ms: number }>({
          name: 'clock',
          text: `select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms`,
        })
      )[0]?.ms ?? 0
    const from = await clock()
    let taken = 0
    for (let round = 0; round < 40; round++) {
      const both = await Promise.all(dispatchings.map((one) => one.take(50, 'p', { paces: [pace] })))
      taken += both.flat().length
    }
    const elapsedS = ((await clock()) - from) / 1_000
    assert.ok(taken >= 1 && taken <= pace.burst + pace.perSecond * elapsedS + 1, `${taken} in ${elapsedS} s`)
  })

  test('a pace without a row lets nothing through', async () => {
    const dispatching = createDispatching(database.service)
    assert.deepEqual(await dispatching.take(5, 'p', { paces: [{ ...pace, name: 'nobody made it' }] }), [])
    assert.equal((await dispatching.take(5, 'p')).length, 5)
  })
})
