// What the ledger holds until its time: one holder, no dispatch before it, none past its validity.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { uuidv7 } from 'uuidv7'
import { cuttingProxy } from '../../test/support/cutting-proxy.ts'
import { open, testDatabase } from '../../test/support/database.ts'
import { sql } from '../../test/support/system.ts'
import { createClaims, type SendTimes } from './claim.ts'
import { dispatchForLegacy } from './dispatch.ts'
import { handBack } from './hand-over.ts'
import { readAuthority } from './rows.ts'

const database = await testDatabase()
const legacy = createClaims(database.gateway, 5_000)
const service = createClaims(database.service, 5_000)

const inMs = (ms: number) => new Date(Date.now() + ms).toISOString()
const ahead = (): SendTimes => ({ sendAt: inMs(3_600_000), validUntil: null })
const late = (): SendTimes => ({ sendAt: null, validUntil: inMs(-1) })
const stateOf = async (uuid: string) => (await readAuthority(database.admin, [uuid])).get(uuid)
const set = (uuid: string, change: string) =>
  sql(database, `update messaging.execution_authority set ${change} where message_uuid = '${uuid}'`)

describe('the legacy claim', () => {
  test('due, not due and too late in one call: a permit, a held row, a void one', async () => {
    const [now, later, past] = [uuidv7(), uuidv7(), uuidv7()]
    const times = ahead()
    const none = { sendAt: null, validUntil: null }
    const claims = await legacy.claimForLegacy([now, later, past], 'driver', [none, times, late()])
    assert.deepEqual(
      claims.map((claim) =>
        'won' in claim ? claim.won.messageUuid : [claim.lost.state, claim.lost.heldUntil],
      ),
      [now, ['claimed', times.sendAt], ['void', null]],
    )
    assert.deepEqual((await stateOf(later))?.holder, 'legacy')
    assert.equal((await stateOf(past))?.reason, 'valid_until has passed')
  })

  test('what is held is nobody else’s: the service loses, raced or not', async () => {
    const ids = Array.from({ length: 50 }, () => uuidv7())
    const [held, accepted] = await Promise.all([
      legacy.claimForLegacy(ids, 'driver', ids.map(ahead)),
      service.accept(
        ids.map((messageUuid) => ({ messageUuid, recipient: '+12025550100', sender: null, body: 'x' })),
      ),
    ])
    for (const [index, id] of ids.entries()) {
      const row = await stateOf(id)
      const byService = 'won' in (accepted[index] ?? {})
      assert.equal(row?.holder, byService ? 'go' : 'legacy')
      assert.ok(held[index] && 'lost' in held[index], 'no permit either way')
    }
  })

  test('its commit answer is lost: it is found held, never taken for a permit', async () => {
    const proxy = await cuttingProxy(database.gatewayUrl)
    const shaky = open(proxy.url)
    const id = uuidv7()
    proxy.loseAnswerTo('authority/claim-legacy')
    const [claim] = await createClaims(shaky, 5_000).claimForLegacy([id], 'driver', [ahead()])
    assert.equal(proxy.lost(), 1)
    assert.ok(claim && 'lost' in claim && claim.lost.heldUntil !== null)
    await shaky.close()
  })
})

describe('the dispatch of what legacy holds', () => {
  test('before its time there is no permit, however often it is asked for; then there is one', async () => {
    const id = uuidv7()
    await legacy.claimForLegacy([id], 'driver', [ahead()])
    for (let n = 0; n < 3; n++)
      assert.deepEqual(await dispatchForLegacy(database.gateway, [id], 'driver', 2_000), [])
    await set(id, 'not_before = now()')
    const permits = await Promise.all(
      Array.from({ length: 4 }, () => dispatchForLegacy(database.gateway, [id], 'driver', 2_000)),
    )
    assert.equal(permits.flat().length, 1)
  })

  test('past its validity it becomes void, also when it was not due yet', async () => {
    const ids = [uuidv7(), uuidv7()]
    await legacy.claimForLegacy(ids, 'driver', ids.map(ahead))
    await set(ids[0] ?? '', 'not_before = now(), valid_until = now()')
    await set(ids[1] ?? '', 'valid_until = now()')
    assert.deepEqual(await dispatchForLegacy(database.gateway, ids, 'driver', 2_000), [])
    for (const id of ids) {
      const row = await stateOf(id)
      assert.deepEqual([row?.state, row?.holder, row?.reason], ['void', null, 'valid_until has passed'])
    }
  })

  test('handed back by the service it keeps its times', async () => {
    const messageUuid = uuidv7()
    await service.accept([
      { messageUuid, recipient: '+12025550100', sender: null, body: 'x', sendAt: inMs(3_600_000) },
    ])
    await handBack(database.gateway, [messageUuid], 'ON to OFF', 2_000)
    assert.deepEqual((await stateOf(messageUuid))?.holder, 'legacy')
    assert.deepEqual(await dispatchForLegacy(database.gateway, [messageUuid], 'driver', 2_000), [])
  })
})

describe('the wall', () => {
  const refused = (work: Promise<unknown>) => assert.rejects(work, { code: 'BA001' })

  test('no code can dispatch before the time, past the validity, or begin as held without a time', async () => {
    const id = uuidv7()
    await legacy.claimForLegacy([id], 'driver', [ahead()])
    const dispatch = `state = 'dispatched', attempts = 1, provider = 'p', dispatched_at = now(),
      attempt_token = gen_random_uuid()`
    await refused(set(id, dispatch))
    await set(id, 'not_before = now(), valid_until = now()')
    await refused(set(id, dispatch))
    const begin = (columns: string, values: string) =>
      sql(
        database,
        `insert into messaging.execution_authority (message_uuid, holder, attempt_token, ${columns})
          values (gen_random_uuid(), 'legacy', gen_random_uuid(), ${values})`,
      )
    await refused(begin('state', `'claimed'`))
    const attempt = 'state, attempts, provider, dispatched_at'
    await refused(begin(`${attempt}, not_before`, `'dispatched', 1, 'p', now(), now() + interval '1 second'`))
    await refused(begin(`${attempt}, valid_until`, `'dispatched', 1, 'p', now(), now()`))
  })
})
