import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, test } from 'node:test'
import { uuidv7 } from 'uuidv7'
import { open, testDatabase } from '../../test/support/database.ts'
import { cuttingProxy } from '../../test/support/cutting-proxy.ts'
import { startFaultProxy } from '../fault-proxy/fault-proxy.ts'
import { quiet } from '../../test/support/system.ts'
import type { Database } from '../db/database.ts'
import { authorityStates, nextStates, type AuthorityState } from '../core/authority-state.ts'
import { createClaims, type AcceptedMessage } from './claim.ts'
import { createDispatching, dispatchForLegacy } from './dispatch.ts'
import { expireForLegacy, handBack } from './hand-over.ts'
import { flagOverdue } from './overdue.ts'
import { settleProven } from './proof.ts'
import { resolveInDoubt } from './resolve.ts'
import { readAuthority } from './rows.ts'
import { createSettling } from './settle.ts'
import { LedgerUnavailable } from './unavailable.ts'

const database = await testDatabase()

const uuids = (length: number) => Array.from({ length }, () => uuidv7())
const messages = (ids: readonly string[]): AcceptedMessage[] =>
  ids.map((messageUuid) => ({ messageUuid, recipient: '+12025550100', sender: null, body: 'hello' }))
const wins = (claims: readonly object[]) => claims.filter((claim) => 'won' in claim).length
const claimsOf = (role: 'gateway' | 'service', deadlineMs = 5_000) => createClaims(database[role], deadlineMs)

async function stateOf(messageUuid: string) {
  return (await readAuthority(database.admin, [messageUuid])).get(messageUuid)
}

describe('claims', () => {
  test('a claim raced by both sides has one winner, each time', async () => {
    for (let round = 0; round < 20; round++) {
      const ids = uuids(25)
      const [accepted, legacy] = await Promise.all([
        claimsOf('service').accept(messages(ids)),
        claimsOf('gateway').claimForLegacy(ids, 'driver'),
      ])
      ids.forEach((id, index) => {
        assert.equal(wins([accepted[index]!, legacy[index]!]), 1, `message ${id}`)
      })
    }
  })

  test('two legacy claims of one message: one permit', async () => {
    const [id] = uuids(1)
    const claims = await Promise.all([
      claimsOf('gateway').claimForLegacy([id!], 'driver'),
      claimsOf('gateway').claimForLegacy([id!], 'driver'),
    ])
    assert.equal(wins(claims.flat()), 1)
  })

  test('the same uuid twice in one batch wins once and leaves one log row', async () => {
    const [a, b] = uuids(2)
    const claims = await claimsOf('service').accept(messages([a!, b!, a!]))
    assert.deepEqual(
      claims.map((claim) => 'won' in claim),
      [true, true, false],
    )
    const rows = await database.service.run<{ n: number }>({
      name: 'count-log',
      text: `select count(*) as n from messaging.go_sms_logs where message_uuid in ('${a}', '${b}')`,
    })
    assert.equal(rows[0]?.n, 2)
    const [c] = uuids(1)
    assert.equal(wins(await claimsOf('gateway').claimForLegacy([c!, c!], 'driver')), 1)
  })

  test('batches that share messages in opposite orders do not deadlock', async () => {
    const ids = uuids(200)
    const reversed = ids.toReversed()
    const runs = await Promise.all(
      Array.from({ length: 8 }, (_, n) => claimsOf('service').accept(messages(n % 2 ? ids : reversed))),
    )
    assert.equal(wins(runs.flat()), ids.length)
    const deadlocks = await database.admin.run<{ deadlocks: number }>({
      name: 'deadlocks',
      text: 'select deadlocks from pg_stat_database where datname = current_database()',
    })
    assert.equal(deadlocks[0]?.deadlocks, 0)
  })

  test('a later accept meets the legacy claim, and giving up closes both ways', async () => {
    const [a, b] = uuids(2)
    await claimsOf('gateway').claimForLegacy([a!], 'driver')
    await claimsOf('gateway').giveUp([b!], 'not wanted')
    const late = await claimsOf('service').accept(messages([a!, b!]))
    assert.deepEqual(
      late.map((claim) => ('lost' in claim ? claim.lost.state : 'won')),
      ['dispatched', 'void'],
    )
  })

  test('I1: a commit answer that is lost is resolved by the token, never by assuming failure', async () => {
    const { hostname, port } = new URL(database.gatewayUrl)
    const upstream = { host: hostname, port: Number(port) }
    const proxy = await startFaultProxy({ host: '127.0.0.1', port: 0, controlPort: 0, upstream, log: quiet })
    const url = new URL(database.gatewayUrl)
    url.port = String(proxy.port)
    const shaky = open(url.href, { connectionsMax: 1 })
    const setFaults = (faults: object) =>
      fetch(`http://127.0.0.1:${proxy.controlPort}/faults`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(faults),
      })
    try {
      await shaky.run({ name: 'warm', text: 'select 1' })
      const ids = uuids(3)
      await setFaults({ reset: true }) // the statement arrives and commits; its answer never comes back
      const claiming = createClaims(shaky, 10_000).claimForLegacy(ids, 'driver')
      const rows = () => readAuthority(database.admin, ids)
      while ((await rows()).size < ids.length) await new Promise((resolve) => setTimeout(resolve, 10))
      await setFaults({})
      const claims = await claiming
      assert.equal(wins(claims), ids.length, 'ours, though the first answer was lost')
      // The same against a peer who was there first: lost, not won.
      const again = await createClaims(shaky, 10_000).claimForLegacy(ids, 'driver')
      assert.equal(wins(again), 0)
    } finally {
      await shaky.close()
      await proxy.close()
    }
  })

  test('I1: a claim whose answer was lost gives no permit once a person has decided about the message', async () => {
    const [id] = uuids(1)
    const { gateway } = database
    let runs = 0
    const shaky: Database = {
      ...gateway,
      async run(statement, parameters) {
        const rows = await gateway.run(statement, parameters)
        if (statement.name !== 'authority/claim-legacy' || runs++ > 0) return rows
        assert.ok((await flagOverdue(gateway, 'legacy', 0)).includes(id!))
        const decision = {
          to: 'refused',
          providerMessageId: null,
          reason: 'the carrier',
          actor: 'ann',
        } as const
        assert.deepEqual(await resolveInDoubt(gateway, 'legacy', id!, decision), { kind: 'resolved' })
        throw new Error('the connection was lost after the commit')
      },
    }
    const [claim] = await createClaims(shaky, 5_000).claimForLegacy([id!], 'driver')
    assert.equal(runs, 2)
    assert.ok(claim && 'lost' in claim)
    assert.equal(claim.lost.state, 'refused')
  })

  test('an unreachable ledger gives no claim and names the token', async () => {
    const gone = open('postgres://nobody:nothing@127.0.0.1:1/none')
    await assert.rejects(createClaims(gone, 300).claimForLegacy(uuids(1), 'driver'), (error) => {
      assert.ok(error instanceof LedgerUnavailable)
      assert.match(error.attemptToken ?? '', /^[0-9a-f-]{36}$/)
      return true
    })
    await gone.close()
  })
})

describe('dispatch', () => {
  test('two dispatchers share the work, nothing is taken twice', async () => {
    const ids = uuids(300)
    await claimsOf('service').accept(messages(ids))
    const dispatchers = Array.from({ length: 4 }, () => createDispatching(database.service))
    const taken: string[] = []
    for (let round = 0, found = 1; found > 0 && round < 100; round++) {
      const batches = await Promise.all(dispatchers.map((one) => one.take(40, 'provider')))
      found = batches.flat().length
      taken.push(...batches.flat().map(({ permit }) => permit.messageUuid))
    }
    const ours = taken.filter((id) => ids.includes(id))
    assert.equal(new Set(ours).size, ours.length)
    assert.equal(ours.length, ids.length)
  })

  test('a dispatch whose commit answer is lost is found again by its token; an outcome is recorded once', async () => {
    const proxy = await cuttingProxy(database.serviceUrl)
    const shaky = open(proxy.url)
    try {
      const ids = uuids(5)
      await claimsOf('service').accept(messages(ids))
      const dispatching = createDispatching(shaky)
      proxy.loseAnswerTo('authority/dispatch')
      await assert.rejects(dispatching.take(10, 'provider'))
      assert.equal((await stateOf(ids[0]!))?.state, 'dispatched', 'committed all the same')
      const taken = await dispatching.take(10, 'provider')
      assert.deepEqual(taken.map(({ permit }) => permit.messageUuid).sort(), ids.toSorted())
      assert.deepEqual(await dispatching.take(10, 'provider'), [], 'once')
      proxy.loseAnswerTo('authority/settle-go')
      const settle = createSettling(shaky, 'go', 5_000)
      const [first] = taken
      assert.equal(await settle(first!.permit, { state: 'sent', providerMessageId: 'p' }), 'recorded')
      assert.equal(proxy.lost(), 2)
    } finally {
      await shaky.close()
    }
  })

  test('a permit is for one message and can be spent once', async () => {
    const [id] = uuids(1)
    const [claim] = await claimsOf('gateway').claimForLegacy([id!], 'driver')
    assert.ok(claim && 'won' in claim)
    assert.throws(() => claim.won.spend(randomUUID()), /is for message/)
    claim.won.spend(id!)
    assert.throws(() => claim.won.spend(id!), /already spent/)
  })

  test('hand-back frees only what no dispatch has touched; the legacy side then dispatches it once', async () => {
    const ids = uuids(4)
    await claimsOf('service').accept(messages(ids))
    const [first] = await createDispatching(database.service).take(1, 'provider')
    const handed = await handBack(database.gateway, ids, 'test', 2_000)
    const touched = first!.permit.messageUuid
    assert.ok(!handed.includes(touched))
    assert.deepEqual(
      handed.filter((id) => ids.includes(id)).sort(),
      ids.filter((id) => id !== touched).sort(),
    )
    const [one] = handed
    const permits = await Promise.all([
      dispatchForLegacy(database.gateway, [one!], 'driver', 2_000),
      dispatchForLegacy(database.gateway, [one!], 'driver', 2_000),
    ])
    assert.equal(permits.flat().length, 1)
    assert.equal((await stateOf(one!))?.epoch, 2)
    assert.deepEqual(
      await createDispatching(database.service).take(10, 'provider'),
      [],
      'nothing left for the service',
    )
    const rest = handed.filter((id) => id !== one)
    const [late, ...others] = rest
    assert.deepEqual(await expireForLegacy(database.gateway, [late!], 'too old'), [late])
    assert.deepEqual([(await stateOf(late!))?.state, (await stateOf(others[0]!))?.state], ['void', 'claimed'])
    assert.deepEqual((await expireForLegacy(database.gateway, rest, 'too old')).sort(), others.toSorted())
  })
})

describe('settling', () => {
  async function dispatched() {
    const [id] = uuids(1)
    const [claim] = await claimsOf('gateway').claimForLegacy([id!], 'driver')
    assert.ok(claim && 'won' in claim)
    return { id: id!, permit: claim.won }
  }

  test('the reaper flags and frees nothing; a late answer settles with the answer as its proof', async () => {
    const { id, permit } = await dispatched()
    await database.admin.run({ name: 'sleep', text: 'select pg_sleep(0.05)' })
    assert.ok((await flagOverdue(database.gateway, 'legacy', 20)).includes(id))
    assert.equal((await stateOf(id))?.state, 'in_doubt')
    assert.equal(wins(await claimsOf('gateway').claimForLegacy([id], 'driver')), 0)
    const settle = createSettling(database.gateway, 'legacy', 2_000)
    assert.equal(await settle(permit, { state: 'sent', providerMessageId: 'p1' }), 'recorded')
    assert.equal((await stateOf(id))?.state, 'sent')
    const proofs = await database.admin.run<{ kind: string }>({
      name: `proofs-${id}`,
      text: `select kind from messaging.authority_proofs where message_uuid = '${id}'`,
    })
    assert.deepEqual(proofs, [{ kind: 'answer' }])
  })

  test('a result under another attempt changes nothing', async () => {
    const { id, permit } = await dispatched()
    const { attemptToken } = permit
    await settleProven(database.gateway, {
      messageUuid: id,
      attemptToken,
      to: 'claimed',
      providerMessageId: null,
      proof: { kind: 'not_sent', detail: 'test' },
      actor: 'test',
    })
    const [second] = await dispatchForLegacy(database.gateway, [id], 'driver', 2_000)
    assert.ok(second)
    const settle = createSettling(database.gateway, 'legacy', 2_000)
    assert.equal(await settle(permit, { state: 'sent', providerMessageId: 'stale' }), 'stale')
    assert.equal((await stateOf(id))?.state, 'dispatched')
    assert.equal(await settle(second, { state: 'refused', reason: 'no' }), 'recorded')
    assert.equal(await settle(second, { state: 'refused', reason: 'no' }), 'recorded', 'again: the same')
    assert.equal(await settle(second, { state: 'sent', providerMessageId: 'x' }), 'stale', 'final is final')
  })
})

describe('the guard in the database', () => {
  const walk: Record<AuthorityState, string> = {
    claimed: '',
    dispatched: `update messaging.execution_authority set state = 'dispatched', attempt_token = gen_random_uuid(),
      attempts = attempts + 1, provider = 'p', dispatched_at = now()`,
    in_doubt: `update messaging.execution_authority set state = 'in_doubt'`,
    sent: `update messaging.execution_authority set state = 'sent', settled_at = now()`,
    refused: `update messaging.execution_authority set state = 'refused', settled_at = now()`,
    void: `update messaging.execution_authority set state = 'void', holder = null, epoch = epoch + 1, settled_at = now()`,
  }
  const pathTo: Record<AuthorityState, readonly AuthorityState[]> = {
    claimed: [],
    dispatched: ['dispatched'],
    in_doubt: ['dispatched', 'in_doubt'],
    sent: ['dispatched', 'sent'],
    refused: ['dispatched', 'refused'],
    void: ['void'],
  }
  const toClaimed = `update messaging.execution_authority set state = 'claimed', settled_at = null`

  async function apply(id: string, text: string): Promise<void> {
    await database.service.run({ name: `g-${randomUUID()}`, text: `${text} where message_uuid = '${id}'` })
  }

  async function prove(id: string, to: AuthorityState): Promise<void> {
    await database.service.run({
      name: `p-${randomUUID()}`,
      text: `insert into messaging.authority_proofs (message_uuid, attempt_token, from_state, to_state, kind, detail, actor)
        select message_uuid, attempt_token, state, '${to}', 'operator', 'test', 'test'
        from messaging.execution_authority where message_uuid = '${id}'`,
    })
  }

  for (const from of authorityStates) {
    for (const to of authorityStates) {
      const legal = nextStates[from].includes(to) && !(from === 'claimed' && to === 'claimed')
      test(`${from} -> ${to} is ${legal ? 'let through' : 'refused'}`, async () => {
        const [id] = uuids(1)
        await claimsOf('service').accept(messages([id!]))
        for (const step of pathTo[from]) await apply(id!, walk[step])
        await prove(id!, to)
        const change = apply(id!, to === 'claimed' ? toClaimed : walk[to])
        if (legal) await change
        else await assert.rejects(change, { code: 'BA001' })
      })
    }
  }

  test('I10: nothing leaves in_doubt without a stored proof', async () => {
    const [id] = uuids(1)
    await claimsOf('service').accept(messages([id!]))
    await apply(id!, walk.dispatched)
    await apply(id!, walk.in_doubt)
    await assert.rejects(apply(id!, walk.sent), /without a stored proof/)
    await assert.rejects(apply(id!, toClaimed), /without a stored proof/)
    await prove(id!, 'sent')
    await assert.rejects(apply(id!, toClaimed), /without a stored proof/, 'a proof is for one change')
    await apply(id!, walk.sent)
  })

  test('a row cannot begin in the middle, be deleted, or change its holder after a dispatch', async () => {
    const begin = (state: string, holder: string) =>
      database.service.run({
        name: `b-${randomUUID()}`,
        text: `insert into messaging.execution_authority
          (message_uuid, state, holder, attempt_token, attempts, provider, dispatched_at, settled_at)
          values ('${uuidv7()}', '${state}', ${holder}, gen_random_uuid(), 1, 'p', now(), ${state === 'sent' ? 'now()' : 'null'})`,
      })
    await assert.rejects(begin('dispatched', `'go'`), { code: 'BA001' })
    await assert.rejects(begin('claimed', `'legacy'`), { code: 'BA001' })
    await assert.rejects(begin('sent', `'legacy'`), { code: 'BA001' })
    const [id] = uuids(1)
    await claimsOf('service').accept(messages([id!]))
    await assert.rejects(
      database.service.run({
        name: `d-${id}`,
        text: `delete from messaging.execution_authority where message_uuid = '${id}'`,
      }),
      { code: '42501' },
    )
    await apply(id!, walk.dispatched)
    await assert.rejects(
      apply(id!, `update messaging.execution_authority set holder = 'legacy', epoch = epoch + 1`),
      { code: 'BA001' },
    )
  })
})
