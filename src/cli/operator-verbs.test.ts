// The verbs that compare, audit and judge: exit codes 0 pass, 1 fail, 2 error, 3 hold; JSON; what they leave behind.
import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { runVerb } from '../../test/support/cli.ts'
import { testDatabase } from '../../test/support/database.ts'
import { populate } from '../../test/support/population.ts'
import { seedTenant, sql as runSql } from '../../test/support/system.ts'
import { gates } from '../operator/gates.ts'
import type { Report } from '../reconcile/report.ts'

const DAY_MS = 86_400_000
const database = await testDatabase()
await seedTenant(database)
await populate(database, { messages: 1_000, startMs: Date.now() - DAY_MS / 2, spanMs: DAY_MS / 4 })
const sql = <Row = Record<string, unknown>>(text: string) => runSql<Row>(database, text)
const directory = mkdtempSync(join(tmpdir(), 'baton-verbs-'))
after(() => rmSync(directory, { recursive: true }))

const run = (argv: string[], environment: Record<string, string> = {}) =>
  runVerb(argv, { DATABASE_URL: database.gatewayUrl, BATON_DIRECTORY: directory, ...environment }, directory)
async function json(argv: string[]): Promise<{ code: number; value: unknown }> {
  const { code, out } = await run([...argv, '--json'])
  return { code, value: JSON.parse(out) }
}

test('reconcile: 0 when clean; 1 with the uuid named; a repair is planned, then made', async () => {
  const clean = await run(['reconcile'])
  assert.deepEqual([clean.code, clean.complaints], [0, ''])
  assert.match(clean.out, /^PASS {3}any mismatch older than 120000 ms is a FAIL/)

  const [row] = await sql<{ message_uuid: string }>('select message_uuid from population where i = 105')
  assert.ok(row)
  await sql(`update legacy.quota_accounts set used = 1`)
  await sql(`delete from legacy.sms_logs where message_uuid = '${row.message_uuid}'`)
  const failed = await json(['reconcile'])
  assert.equal(failed.code, 1)
  assert.deepEqual(
    (failed.value as { report: Report }).report.findings.map(({ kind, messageUuid }) => [kind, messageUuid]),
    [['missing_in_sms_logs', row.message_uuid]],
  )
  assert.match(
    (await run(['reconcile'])).out,
    new RegExp(`missing_in_sms_logs ${row.message_uuid}: the service has it`),
  )
  const planned = await run(['reconcile', '--repair'])
  assert.deepEqual([planned.code, /planned .*: sms_logs: go accepted/.test(planned.out)], [1, true])
  const repaired = await run(['reconcile', '--repair', '--execute'])
  assert.deepEqual(
    [repaired.code, /repaired .*: sms_logs: go accepted/.test(repaired.out)],
    [0, true],
    repaired.out,
  )
  assert.equal((await run(['reconcile', '--full', '--window', '24h', '--throttle', '90'])).code, 0)
})

test('bad windows, bad options and a database that is away are errors: 2', async () => {
  for (const window of ['2099-01-01..', '2026-01-02..2026-01-01', 'soon', '0h']) {
    for (const verb of ['reconcile', 'audit', 'compare']) {
      const { code, complaints } = await run([verb, '--window', window])
      assert.equal(code, 2)
      assert.match(complaints, new RegExp(`^baton: ${verb}: window: .*: ${window.replaceAll('.', '\\.')}$`))
    }
  }
  assert.equal((await run(['reconcile', '--execute'])).code, 2)
  assert.equal((await run(['reconcile', '--throttle', '0'])).code, 2)
  assert.equal((await run(['gate', 'check', 'none-such'])).code, 2)
  assert.match((await run(['audit'], { DATABASE_URL: '' })).complaints, /set DATABASE_URL, or run baton up/)
  assert.equal((await run(['audit'], { DATABASE_URL: 'mysql://x' })).code, 2)
  const away = await run(['evidence', 'verify'], { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' })
  assert.deepEqual([away.code, /cannot connect/.test(away.complaints)], [2, true])
})

test('audit: 0 when balanced, 1 when a message is not accounted for', async () => {
  const balanced = await run(['audit'])
  assert.equal(balanced.code, 0, balanced.out)
  assert.match(balanced.out, /entered +1000/)
  await sql(
    `update legacy.sms_logs set status = 'failed' where message_uuid = (select message_uuid from population where i = 10)`,
  )
  const broken = await run(['audit'])
  assert.equal(broken.code, 1)
  assert.match(broken.out, /ledger_differs .*: failed, and the ledger says it was sent/)
  await sql(
    `update legacy.sms_logs set status = 'sent' where message_uuid = (select message_uuid from population where i = 10)`,
  )
})

test('compare: 3 with too few messages, 1 with a disagreement too many; register needs an end ahead', async () => {
  const few = await json(['compare'])
  const { compared, coverage } = few.value as { compared: number; coverage: number }
  assert.deepEqual([few.code, compared, coverage], [3, 100, 1])
  const { out } = await run(['compare'])
  assert.match(out, /no baseline: the legacy driver cannot rehearse/)
  assert.match(out, /verdict +100 +100 +0 +0 +100\.00 % +96\.30 % to 100\.00 %/)
  const entry = ['compare', 'register', '--field', 'sender', '--why', 'w', '--owner', 'o', '--until']
  assert.equal((await run([...entry, '2020-01-01'])).code, 2)
  assert.equal((await run([...entry, 'later'])).code, 2)
  assert.match((await run([...entry, '2099-01-01'])).out, /^Registered: \d+$/)
})

test('gate: check judges and leaves evidence; list shows it; verify finds a cut tail by the heads kept here', async () => {
  const clean = await run(['gate', 'check', 'reconciliation-clean', 'conservation-balanced', 'grants-right'])
  assert.deepEqual([clean.code, clean.complaints], [0, ''], clean.out)
  assert.equal((await run(['gate', 'check', 'shadow-agreement'])).code, 3)
  const nobody = { BATON_SERVICE_URL: 'http://127.0.0.1:1' }
  assert.equal((await run(['gate', 'check', 'service-reachable'], nobody)).code, 1)
  assert.equal(
    (await run(['gate', 'check', 'shadow-agreement', 'service-reachable', '--no-measure'], nobody)).code,
    1,
  )
  const value = (await json(['gate', 'list'])).value as { gate: string; verdict: string | null }[]
  assert.equal(value.length, gates.length)
  const verdictOf = (name: string) => value.find(({ gate }) => gate === name)?.verdict
  assert.deepEqual(['grants-right', 'shadow-agreement', 'service-reachable', 'performance'].map(verdictOf), [
    'PASS',
    'HOLD',
    'FAIL',
    null,
  ])

  assert.equal((await run(['evidence', 'verify'])).code, 0)
  await database.admin.transaction(async (runner) => {
    await runner.run({ name: '', text: 'set local session_replication_role = replica' })
    await runner.run({
      name: '',
      text: 'delete from legacy.evidence where seq = (select max(seq) from legacy.evidence)',
    })
    await runner.run({
      name: '',
      text: 'delete from messaging.evidence_heads where seq = (select max(seq) from messaging.evidence_heads)',
    })
  })
  const cut = await run(['evidence', 'verify'])
  assert.deepEqual([cut.code, /were cut off the end/.test(cut.out)], [1, true])
  appendFileSync(join(directory, 'evidence-heads'), 'rubbish\n')
  assert.equal((await run(['evidence', 'verify'])).code, 2)
})
