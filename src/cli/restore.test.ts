// The verbs of a restore as a script uses them: rehearsal by default, exit codes 0, 1 refused or fenced, 2 usage or
// away, 3 hold.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { uuidv7 } from 'uuidv7'
import { runVerb } from '../../test/support/cli.ts'
import { testDatabase } from '../../test/support/database.ts'
import { populate } from '../../test/support/population.ts'
import { seedTenant } from '../../test/support/system.ts'
import { createClaims } from '../authority/claim.ts'
import { settleProven } from '../authority/proof.ts'

const DAY_MS = 86_400_000
const database = await testDatabase()
await seedTenant(database)
await populate(database, {
  messages: 200,
  startMs: Date.now() - DAY_MS / 2,
  spanMs: DAY_MS / 4,
  isAllOn: true,
})
await database.admin.run({
  name: '',
  text: `update legacy.quota_accounts set used = 200 where tenant = 'demo'`,
})

const run = (argv: string[], environment: Record<string, string> = { DATABASE_URL: database.adminUrl }) =>
  runVerb(['restore', ...argv], environment)

interface Unspent {
  readonly uuid: string
  readonly token: string
}

/** A legacy claim whose answer the gateway never heard, as the copy of both sides holds it. */
async function leaveUnspent(): Promise<Unspent> {
  const [uuid, token] = [uuidv7(), randomUUID()]
  await database.admin.transaction(async (runner) => {
    for (const text of [
      'set local session_replication_role = replica',
      `insert into messaging.execution_authority (message_uuid, state, holder, attempt_token, attempts, provider, dispatched_at)
       values ('${uuid}', 'dispatched', 'legacy', '${token}', 1, 'driver', now())`,
      `insert into legacy.unresolved_messages (message_uuid, request_id, reason, unspent_token, noted_at)
       select '${uuid}', request_id, 'the ledger cannot be asked', '${token}', now() - interval '1 hour'
       from legacy.requests limit 1`,
    ])
      await runner.run({ name: '', text })
  })
  return { uuid, token }
}

/** A settler that remembers the token cannot take the message back any more, to send it once more. */
async function assertEnded({ uuid, token }: Unspent): Promise<void> {
  const isTakenBack = await settleProven(database.gateway, {
    messageUuid: uuid,
    attemptToken: token,
    to: 'claimed',
    providerMessageId: null,
    proof: { kind: 'not_sent', detail: 'no permit was ever made' },
    actor: 'gateway settler',
  })
  assert.equal(isTakenBack, false)
  const [row] = await database.admin.run<{ state: string; unspent_token: string | null }>({
    name: '',
    text: `select a.state, u.unspent_token from messaging.execution_authority a
      join legacy.unresolved_messages u using (message_uuid) where a.message_uuid = '${uuid}'`,
  })
  assert.deepEqual(row, { state: 'in_doubt', unspent_token: null })
  await database.admin.run({
    name: '',
    text: `delete from legacy.unresolved_messages where message_uuid = '${uuid}'`,
  })
}

test('without a database, a reason or a time that is one: 2', async () => {
  assert.equal((await run(['status'], {})).code, 2)
  assert.equal((await run(['fence'])).code, 2)
  assert.equal((await run(['mark', '--taken-at', 'yesterday'])).code, 2)
  const away = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nowhere' }
  const { code, complaints } = await run(['status'], away)
  assert.equal(code, 2)
  assert.match(complaints, /restore: /)
})

test('the steps keep their order: each refuses with 1 and says what to do first', async () => {
  for (const step of ['mark', 'reconcile', 'reopen']) {
    const { code, complaints } = await run([step, '--execute'])
    assert.equal(code, 1, step)
    assert.match(complaints, /no fence is raised|nothing is marked/)
  }
})

test('fence, mark, reconcile, reopen: a rehearsal each, then the step', async () => {
  const rehearsal = await run(['fence', '--reason', 'rehearsed'])
  assert.match(rehearsal.out, /not fenced[\s\S]*Rehearsal/)
  assert.equal((await run(['status'])).code, 0)

  const fenced = await run(['fence', '--reason', 'restored from the copy of last night', '--execute'])
  assert.deepEqual([fenced.code, fenced.complaints], [0, ''])
  const status = await run(['status'])
  assert.equal(status.code, 1)
  assert.match(status.out, /fenced since .*: restored from the copy of last night; nothing is marked yet/)
  const again = await run(['fence', '--reason', 'another', '--execute', '--json'])
  assert.match((JSON.parse(again.out) as { reason: string }).reason, /last night/, 'an open fence stays')

  assert.equal((await run(['reopen', '--execute'])).code, 1, 'not before the mark')
  // The ledger forgets ten messages, as a copy that is older than they are.
  await database.admin.transaction(async (runner) => {
    for (const text of [
      'set local session_replication_role = replica',
      'delete from messaging.execution_authority where message_uuid in (select message_uuid from population where i >= 190)',
      'delete from messaging.go_sms_logs where message_uuid in (select message_uuid from population where i >= 190)',
    ])
      await runner.run({ name: '', text })
  })
  const unspent = await leaveUnspent()
  const planned = await run(['mark', '--taken-at', new Date(Date.now() - DAY_MS).toISOString(), '--json'])
  assert.equal((JSON.parse(planned.out) as { forgotten: number }).forgotten, 10)
  const marked = await run(['mark', '--taken-at', new Date(Date.now() - DAY_MS).toISOString(), '--execute'])
  assert.match(marked.out, /Entered and unknown to it: 10 messages/)
  const [row] = await database.admin.run<{ n: number }>({
    name: '',
    text: `select count(*) as n from messaging.execution_authority where state = 'in_doubt' and holder = 'go' and reason like 'restored ledger%'`,
  })
  assert.equal(row?.n, 10)

  await assertEnded(unspent)

  const reconciled = await run(['reconcile', '--execute'])
  assert.match(reconciled.out, /On record: 0 sent, 0 refused; in doubt, for a person: 11/)
  assert.equal(reconciled.code, 0, reconciled.out)

  assert.match((await run(['reopen'])).out, /Rehearsal/)
  assert.equal((await run(['status'])).code, 1, 'a rehearsal lifts nothing')
  assert.match((await run(['reopen', '--execute'])).out, /Sends go on/)
  assert.equal((await run(['status'])).code, 0)
  const [claim] = await createClaims(database.gateway, 2_000).claimForLegacy([uuidv7()], 'driver')
  assert.ok(claim && 'won' in claim)
})

test('only an administrator raises or lifts a fence', async () => {
  for (const role of [database.gateway, database.service]) {
    const text = `insert into messaging.fences (reason, actor, entered_until) values ('x', 'x', now())`
    await assert.rejects(role.run({ name: '', text }), { code: '42501' })
    await assert.rejects(
      role.run({
        name: '',
        text: `update messaging.fences set lifted_at = now(), lifted_by = 'x', lifted_because = 'x'`,
      }),
      { code: '42501' },
    )
  }
})
