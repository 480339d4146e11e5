// A ledger that went back in time: by the procedure nothing is sent twice and nothing that was not sent is lost.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { uuidv7 } from 'uuidv7'
import { createClaims } from '../src/authority/claim.ts'
import { dispatchForLegacy } from '../src/authority/dispatch.ts'
import { handBack } from '../src/authority/hand-over.ts'
import { withdraw } from '../src/authority/lanes.ts'
import { LedgerUnavailable } from '../src/authority/unavailable.ts'
import {
  fenceSends,
  markForgotten,
  reconcileRestored,
  reopenSends,
  showFence,
} from '../src/cli/restore-steps.ts'
import type { SendResponse } from '../src/contract/gateway-api.ts'
import type { ServiceResponse } from '../src/contract/service-api.ts'
import type { Outcome } from '../src/cli/shell.ts'
import type { GatewayStatus } from '../src/gateway/status.ts'
import { copyDatabase } from './support/database-copy.ts'
import { testDatabase, type TestDatabase } from './support/database.ts'
import { reservedNumbers } from './support/numbers.ts'
import { eventually, OPERATOR_KEY, sql, startSystem, unique, type System } from './support/system.ts'

const MARGIN_MS = 300_000

function done<Value>(outcome: Outcome<Value>): Value {
  if (outcome.kind !== 'done') throw new Error(outcome.detail)
  return outcome.value
}

const uuidsOf = (answer: SendResponse): string[] => answer.messages.map((message) => message.message_uuid)

/** Longer than a copy takes. */
const SOON_MS = 5_000
const LATER_MS = 3_600_000
const at = (ms: number) => ({ send_at: new Date(Date.now() + ms).toISOString(), priority: 'code' })

async function sendIn(system: System, mode: string, count: number, terms: object = {}): Promise<string[]> {
  await system.mode(mode)
  const sms = { to: reservedNumbers(count), body: `${mode} ${unique()}`, ...terms }
  // On a busy machine the entry may be refused, with nothing entered.
  const { status, body } = await eventually(
    () => system.send(sms),
    (answer) => answer.status !== 503,
  )
  assert.equal(status, 202)
  return uuidsOf(body)
}

/** References of all texts the carrier has sent. */
const carried = async (system: System): Promise<string[]> =>
  (await system.carrier()).map((entry) => entry.reference)

async function assertSentOnce(system: System): Promise<void> {
  const references = await carried(system)
  assert.equal(new Set(references).size, references.length, 'I1: a message was sent twice')
}

interface Lost {
  readonly system: System
  readonly ledger: TestDatabase
  /** Entered before the copy was taken and sent after it. */
  readonly underWay: readonly string[]
  /** Entered before it; handed back and sent by the legacy side after it. */
  readonly handedBack: readonly string[]
  /** Entered and sent after the copy was taken. */
  readonly since: readonly string[]
  /** Entered before and after the copy was taken, by both sides, for a time that has not come. */
  readonly scheduled: readonly string[]
  readonly urls: { readonly adminUrl: string; readonly legacyAdminUrl: string }
}

/** Traffic, a copy in the middle of it, more traffic; then the ledger is the copy again, behind a fence. */
async function loseTime(isLegacyLost: boolean): Promise<Lost> {
  const other = isLegacyLost ? undefined : await testDatabase()
  const system = await startSystem(
    other
      ? { gateway: { ledgerDatabaseUrl: other.gatewayUrl }, service: { databaseUrl: other.serviceUrl } }
      : {},
  )
  const ledger = other ?? system.database
  await sendIn(system, 'ON', 20)
  await sendIn(system, 'OFF', 20)
  const scheduled = [
    ...(await sendIn(system, 'ON', 2, at(LATER_MS))),
    ...(await sendIn(system, 'OFF', 2, at(LATER_MS))),
  ]
  // The carrier is slow, so the copy holds some messages as claimed and some as dispatched.
  await system.carrierFaults({ service: { latency_ms: 900 } })
  const underWay = await sendIn(system, 'ON', 60)
  const handedBack = (await sendIn(system, 'ON', 3, at(SOON_MS))).toSorted()
  const copy = await copyDatabase(ledger)
  await handBackNow(system, ledger, handedBack)
  await system.carrierFaults({})
  if (!isLegacyLost) {
    scheduled.push(
      ...(await sendIn(system, 'ON', 3, at(LATER_MS))),
      ...(await sendIn(system, 'OFF', 3, at(LATER_MS))),
    )
  }
  const since = [
    ...(await sendIn(system, 'ON', 25)),
    ...(await sendIn(system, 'OFF', 25)),
    ...(await sendIn(system, 'SHADOW', 10)),
  ]
  const everything = new Set([...underWay, ...since])
  await eventually(
    () =>
      sql<{ n: number }>(
        ledger,
        `select count(*) as n from messaging.execution_authority where state in ('claimed', 'dispatched') and not_before < now()`,
      ),
    ([row]) => row?.n === 0,
  )
  assert.ok((await carried(system)).filter((uuid) => everything.has(uuid)).length > 90)

  // The fence is raised before any program can reach the copy.
  const copyUrls = {
    adminUrl: copy.adminUrl,
    legacyAdminUrl: isLegacyLost ? copy.adminUrl : system.database.adminUrl,
  }
  done(await fenceSends(copyUrls, { reason: 'the disk was lost', execute: true }))
  await copy.restore()
  const urls = { adminUrl: ledger.adminUrl, legacyAdminUrl: system.database.adminUrl }
  return { system, ledger, underWay, handedBack, since, scheduled, urls }
}

/** Takes them back before they are due, and waits until the legacy side has sent them. */
async function handBackNow(system: System, ledger: TestDatabase, uuids: readonly string[]): Promise<void> {
  assert.deepEqual((await handBack(ledger.gateway, uuids, 'the mode is OFF', 5_000)).toSorted(), uuids)
  await eventually(
    () => heldIn(ledger, uuids),
    (found) => found.join() === 'legacy sent',
  )
  await eventually(
    () =>
      sql<{ n: number }>(
        system.database,
        `select count(*) as n from legacy.sms_logs where handed_back and status = 'sent'`,
      ),
    ([row]) => row?.n === uuids.length,
  )
}

/** By whom and as what the ledger has these, each once. */
async function heldIn(ledger: TestDatabase, uuids: readonly string[]): Promise<string[]> {
  const rows = await sql<{ it: string }>(
    ledger,
    `select distinct holder || ' ' || state as it from messaging.execution_authority
     where message_uuid = any ('{${uuids.join(',')}}') order by it`,
  )
  return rows.map(({ it }) => it)
}

/** What late retries try: the service is asked again, and the legacy side claims again. */
async function retryLate({ system, ledger }: Lost, uuids: readonly string[]): Promise<number> {
  let granted = 0
  for (const uuid of uuids) {
    const response = await fetch(`${system.serviceUrl}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        dry_run: false,
        messages: [{ message_uuid: uuid, to: reservedNumbers(1)[0], body: 'late' }],
      }),
    })
    const answer = (await response.json()) as ServiceResponse
    if (answer.results?.[0]?.status === 'accepted') granted++
    const claim = await createClaims(ledger.gateway, 1_000)
      .claimForLegacy([uuid], 'late')
      .catch((error: unknown) => {
        assert.ok(error instanceof LedgerUnavailable)
        return []
      })
    if (claim.some((one) => 'won' in one)) granted++
  }
  return granted
}

for (const isLegacyLost of [false, true]) {
  const what = isLegacyLost ? 'the one database with both' : "the ledger's database alone"
  describe(`restore of ${what}`, async () => {
    const lost = await loseTime(isLegacyLost)
    const { system, ledger, underWay, handedBack, since, scheduled, urls } = lost
    let fenced: string[] = []

    test('behind the fence nothing is claimed, dispatched or replayed, in whatever words', async () => {
      assert.match(done(await showFence(urls))?.reason ?? '', /disk was lost/)
      const status = await system.call<GatewayStatus>('GET', '/operator/status', undefined, OPERATOR_KEY)
      assert.equal(status.body.fence?.reason, 'the disk was lost')
      const before = await carried(system)
      fenced = [...(await sendIn(system, 'ON', 5)), ...(await sendIn(system, 'OFF', 5))]
      assert.equal(await retryLate(lost, [...since.slice(0, 3), uuidv7()]), 0)
      for (const text of [
        `insert into messaging.execution_authority (message_uuid, state, holder, attempt_token) values ('${uuidv7()}', 'claimed', 'go', gen_random_uuid())`,
        `update messaging.execution_authority set state = 'dispatched', attempts = attempts + 1, attempt_token = gen_random_uuid(), provider = 'p', dispatched_at = now() where state = 'claimed'`,
        `insert into messaging.execution_authority (message_uuid, state, holder, attempt_token, not_before) values ('${uuidv7()}', 'claimed', 'legacy', gen_random_uuid(), now() + interval '1 hour')`,
        `insert into messaging.in_doubt_checks (message_uuid, attempt_token, number, kind, provider, gives_up_at) select message_uuid, attempt_token, 1, 'replay', provider, now() from messaging.execution_authority where false`,
      ]) {
        for (const role of [ledger.admin, ledger.service])
          await assert.rejects(role.run({ name: '', text }), { code: 'BA003' })
      }
      assert.deepEqual(await carried(system), before)
    })

    test('behind it nothing changes hands, and nothing becomes void', async () => {
      const held = await sql<{ message_uuid: string }>(
        ledger,
        `select message_uuid from messaging.execution_authority where holder = 'go' and state = 'claimed' limit 3`,
      )
      const uuids = held.map((row) => row.message_uuid)
      assert.ok(uuids.length > 0)
      await assert.rejects(handBack(ledger.gateway, uuids, 'the mode is OFF', 500), LedgerUnavailable)
      await assert.rejects(withdraw(ledger.service, uuids, 'opted out'), { code: 'BA003' })
      await assert.rejects(dispatchForLegacy(ledger.gateway, uuids, 'driver', 500), LedgerUnavailable)
    })

    test('it is not lifted before the mark, and a rehearsal changes nothing', async () => {
      const early = await reopenSends(urls, { nothingLost: false, execute: true })
      assert.equal(early.kind, 'refused')
      const dump = () =>
        sql(
          ledger,
          `select state, count(*) as n from messaging.execution_authority group by state order by state`,
        )
      const before = await dump()
      const rehearsed = done(await markForgotten(urls, { marginMs: MARGIN_MS, execute: false }))
      assert.ok(rehearsed.open > 0, 'the copy holds messages as unsent')
      if (!isLegacyLost) assert.ok(rehearsed.forgotten >= since.length)
      assert.equal(rehearsed.coversLostTime, isLegacyLost)
      assert.deepEqual(await dump(), before)
    })

    test('what may have been sent is in doubt; what the gateway has on record is settled by it', async () => {
      done(await markForgotten(urls, { marginMs: MARGIN_MS, execute: true }))
      const again = done(await markForgotten(urls, { marginMs: MARGIN_MS, execute: true }))
      assert.deepEqual([again.forgotten, again.open], [0, 0], 'the mark is made once')
      const [open] = await sql<{ n: number }>(
        ledger,
        `select count(*) as n from messaging.execution_authority where state in ('claimed', 'dispatched') and not_before < now()`,
      )
      assert.equal(open?.n, 0)
      assert.deepEqual(await heldIn(ledger, scheduled), ['go claimed', 'legacy claimed'])
      if (!isLegacyLost) assert.deepEqual(await heldIn(ledger, handedBack), ['legacy in_doubt'])
      const settled = done(await reconcileRestored(urls, true))
      assert.ok(settled.inDoubt > 0)
      if (!isLegacyLost) assert.deepEqual(await heldIn(ledger, handedBack), ['legacy sent'])
      if (!isLegacyLost) assert.ok(settled.sent >= 25, 'what the legacy driver was told is on record')
      if (!isLegacyLost) assert.notEqual(settled.verdict, 'FAIL', `${settled.mismatches} mismatches`)
    })

    test('I1: after reopening, late retries and settlers send nothing twice; what was entered behind the fence goes out', async () => {
      done(await reopenSends(urls, { nothingLost: false, execute: true }))
      assert.equal(done(await showFence(urls)), null)
      assert.equal(await retryLate(lost, [...underWay.slice(0, 10), ...since]), 0)
      await eventually(
        async () => new Set(await carried(system)),
        (sent) => fenced.every((uuid) => sent.has(uuid)),
        30_000,
      )
      const afterwards = [...(await sendIn(system, 'ON', 5)), ...(await sendIn(system, 'OFF', 5))]
      await eventually(
        async () => new Set(await carried(system)),
        (sent) => afterwards.every((uuid) => sent.has(uuid)),
        30_000,
      )
      await assertSentOnce(system)
    })

    test('I1, I3: what was scheduled goes out once, when its time comes', async () => {
      assert.equal((await carried(system)).filter((uuid) => scheduled.includes(uuid)).length, 0)
      const text = `update messaging.execution_authority set not_before = now() where state = 'claimed'`
      await ledger.admin.run({ name: '', text })
      const due = 'update legacy.unresolved_messages set due_at = now() where due_at is not null'
      await system.database.admin.run({ name: '', text: due })
      await eventually(
        async () => new Set(await carried(system)),
        (sent) => scheduled.every((uuid) => sent.has(uuid)),
        30_000,
      )
      await assertSentOnce(system)
    })
  })
}

test('without the procedure a restored ledger grants the same send again', async () => {
  const system = await startSystem()
  const copy = await copyDatabase(system.database)
  const uuids = await sendIn(system, 'OFF', 3)
  await copy.restore()
  const claims = await eventually(
    () =>
      createClaims(system.database.gateway, 2_000)
        .claimForLegacy(uuids, 'again')
        .catch(() => []),
    (made) => made.length > 0,
  )
  assert.ok(claims.every((claim) => 'won' in claim))
})

test('an emergency stop of a ledger that lost nothing is lifted as such', async () => {
  const system = await startSystem()
  const urls = { adminUrl: system.database.adminUrl, legacyAdminUrl: system.database.adminUrl }
  done(await fenceSends(urls, { reason: 'a wrong text is going out', execute: true }))
  const stopped = await sendIn(system, 'OFF', 3)
  assert.deepEqual(await carried(system), [])
  done(await reopenSends(urls, { nothingLost: true, execute: true }))
  await eventually(
    async () => (await carried(system)).toSorted(),
    (sent) => sent.length === stopped.length,
    30_000,
  )
  assert.deepEqual((await carried(system)).toSorted(), stopped.toSorted())
})
