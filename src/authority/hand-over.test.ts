// Hand-back in the ledger: raced, answers lost, what may go back and what may not.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { uuidv7 } from 'uuidv7'
import { cuttingProxy } from '../../test/support/cutting-proxy.ts'
import { open, testDatabase } from '../../test/support/database.ts'
import { createClaims, type AcceptedMessage } from './claim.ts'
import { createDispatching, dispatchForLegacy } from './dispatch.ts'
import { handBack } from './hand-over.ts'
import { settleProven } from './proof.ts'
import { readAuthority } from './rows.ts'
import { createSettling } from './settle.ts'
import { LedgerUnavailable } from './unavailable.ts'

const database = await testDatabase()
const uuids = (length: number) => Array.from({ length }, () => uuidv7())
const messages = (ids: readonly string[]): AcceptedMessage[] =>
  ids.map((messageUuid) => ({ messageUuid, recipient: '+12025550100', sender: null, body: 'hello' }))
const claimsOf = (role: 'gateway' | 'service') => createClaims(database[role], 5_000)

describe('hand-back', () => {
  test('I1: raced by dispatchers and by itself, each message goes one way', async () => {
    const ids = uuids(300)
    await claimsOf('service').accept(messages(ids))
    const [handed, again, taken] = await Promise.all([
      handBack(database.gateway, ids, 'test', 5_000),
      handBack(database.gateway, ids.toReversed(), 'test', 5_000),
      (async () => {
        const dispatching = createDispatching(database.service)
        const batches = []
        for (let round = 0; round < 10; round++) batches.push(await dispatching.take(20, 'provider'))
        return batches.flat().map(({ permit }) => permit.messageUuid)
      })(),
    ])
    const rest = await handBack(database.gateway, ids, 'test', 5_000)
    const ours = taken.filter((id) => ids.includes(id))
    const all = [...handed, ...again, ...rest, ...ours]
    assert.equal(new Set(all).size, all.length, 'nothing twice')
    assert.deepEqual(all.toSorted(), ids.toSorted(), 'and nothing left')
    const states = await readAuthority(database.admin, ids)
    for (const id of ours) assert.equal(states.get(id)?.holder, 'go')
  })

  test('lost answers are resolved by the token: of the hand-back, and of the dispatch after it', async () => {
    const proxy = await cuttingProxy(database.gatewayUrl)
    const shaky = open(proxy.url)
    try {
      const ids = uuids(4)
      await claimsOf('service').accept(messages(ids))
      proxy.loseAnswerTo('authority/hand-back')
      assert.deepEqual((await handBack(shaky, ids, 'test', 5_000)).toSorted(), ids.toSorted())
      proxy.loseAnswerTo('authority/dispatch-legacy')
      const permits = await dispatchForLegacy(shaky, ids, 'driver', 5_000)
      assert.deepEqual(permits.map(({ messageUuid }) => messageUuid).toSorted(), ids.toSorted())
      assert.equal(proxy.lost(), 2)
      const [row] = (await readAuthority(database.admin, ids)).values()
      assert.equal(row?.attemptToken, permits[0]?.attemptToken)
      assert.deepEqual(await dispatchForLegacy(database.gateway, ids, 'driver', 5_000), [], 'once')
    } finally {
      await shaky.close()
    }
  })

  test('a ledger that is away gives nothing back and no permit', async () => {
    const gone = open('postgres://nobody:nothing@127.0.0.1:1/none')
    await assert.rejects(handBack(gone, uuids(1), 'test', 300), LedgerUnavailable)
    await assert.rejects(dispatchForLegacy(gone, uuids(1), 'driver', 300), LedgerUnavailable)
    await gone.close()
  })

  test('what was tried and proven not executed goes back too; what is in doubt does not', async () => {
    const ids = uuids(2)
    await claimsOf('service').accept(messages(ids))
    const taken = await createDispatching(database.service).take(1_000, 'provider')
    const [tried, doubtful] = taken.filter(({ permit }) => ids.includes(permit.messageUuid))
    assert.ok(tried && doubtful)
    const { messageUuid, attemptToken } = tried.permit
    await settleProven(database.service, {
      messageUuid,
      attemptToken,
      to: 'claimed',
      providerMessageId: null,
      proof: { kind: 'refusal', detail: 'test' },
      actor: 'test',
      pauseMs: 60_000,
    })
    const settle = createSettling(database.service, 'go', 2_000)
    await settle(doubtful.permit, { state: 'in_doubt', reason: 'test' })
    assert.deepEqual(await handBack(database.gateway, ids, 'test', 2_000), [messageUuid])
  })

  test('a message is dispatched when it is due and while it is valid, else not', async () => {
    const [early, late, due] = uuids(3)
    const hour = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString()
    await claimsOf('service').accept([
      { ...messages([early!])[0]!, sendAt: hour(1) },
      { ...messages([late!])[0]!, validUntil: hour(-1) },
      { ...messages([due!])[0]!, validUntil: hour(1) },
    ])
    const ids = [early!, late!, due!]
    assert.equal((await handBack(database.gateway, ids, 'test', 2_000)).length, 3)
    const permits = await dispatchForLegacy(database.gateway, ids, 'driver', 2_000)
    assert.deepEqual(
      permits.map(({ messageUuid }) => messageUuid),
      [due],
    )
  })

  test('the gateway’s role alone may hand back', async () => {
    const text = `select messaging.hand_back('{}', gen_random_uuid(), 'test')`
    await assert.rejects(database.service.run({ name: 'hand-back-service', text }), { code: '42501' })
    await database.gateway.run({ name: 'hand-back-gateway', text })
  })
})
