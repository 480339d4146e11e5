// A dry run whose verdict nobody heard: the service has logged it, so the two lists differ until the gateway writes it.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startMonitor } from '../src/operator/monitor.ts'
import { writeUnheard } from '../src/operator/write-unheard.ts'
import { reconciliation } from '../src/reconcile/pairs.ts'
import { reconcile } from '../src/reconcile/reconcile.ts'
import { everything } from '../src/reconcile/window.ts'
import { cliWith } from './support/cli.ts'
import { eventually, quiet, startSystem } from './support/system.ts'

const system = await startSystem()
const cli = cliWith(() => ({ DATABASE_URL: system.database.gatewayUrl }))
const dryRuns = async (table: string, more = '') =>
  (await system.sql<{ n: number }>(`select count(*)::integer as n from ${table} where dry_run ${more}`))[0]?.n
const older = (table: string) =>
  system.database.admin.transaction(async (runner) => {
    await runner.run({ name: '', text: 'set local session_replication_role = replica' })
    await runner.run({ name: '', text: `update ${table} set created_at = created_at - interval '3 minutes'` })
  })

test('it is a mismatch past the grace time; the monitor writes it before, and says so', async () => {
  await system.mode('SHADOW')
  await system.faults({ swallow: true })
  const { body } = await system.send({ to: ['+12025550100', '+12025550101'], body: 'unheard' })
  await eventually(
    () => dryRuns('messaging.go_sms_logs'),
    (n) => n === 2,
  )
  await system.faults({})
  assert.equal(await dryRuns('legacy.sms_logs'), 0)
  await older('messaging.go_sms_logs')
  await older('legacy.sms_logs')
  const before = await cli.run('reconcile', '--full')
  assert.deepEqual([before.code, /missing_in_sms_logs +2/.test(before.out)], [1, true], before.out)

  const url = system.database.gatewayUrl
  const monitor = startMonitor({
    legacyDatabaseUrl: url,
    messagingDatabaseUrl: url,
    intervalMs: 100,
    log: quiet,
  })
  after(() => monitor.stop())
  await eventually(
    () => dryRuns('legacy.sms_logs', `and status = 'accepted' and source = 'go'`),
    (n) => n === 2,
  )
  const { code, out } = await cli.run('reconcile', '--full')
  assert.equal(code, 0, out)
  const repairs = await system.sql<{ message_uuid: string; actor: string }>(
    'select message_uuid, actor from legacy.reconcile_repairs order by message_uuid',
  )
  assert.deepEqual(
    repairs,
    body.messages
      .map(({ message_uuid }) => ({ message_uuid, actor: 'gateway monitor' }))
      .sort((a, b) => (a.message_uuid < b.message_uuid ? -1 : 1)),
  )
})

test('what is no dry run is left to people', async () => {
  await system.mode('ON')
  const { body } = await system.send({ to: '+12025550102', body: 'real' })
  const uuid = body.messages[0]?.message_uuid
  await eventually(
    () =>
      system.sql<{ state: string }>(
        `select state from messaging.execution_authority where message_uuid = '${uuid}'`,
      ),
    ([row]) => row?.state === 'sent',
  )
  await system.database.admin.transaction(async (runner) => {
    await runner.run({ name: '', text: 'set local session_replication_role = replica' })
    await runner.run({ name: '', text: `delete from legacy.sms_logs where message_uuid = '${uuid}'` })
  })
  const databases = { legacy: system.database.gateway, messaging: system.database.gateway }
  const graces = { graceMs: 0, workListGraceMs: 0 }
  const report = await reconcile({ ...databases, ...graces, question: reconciliation, window: everything })
  assert.deepEqual(
    report.findings.map(({ kind, dryRun, messageUuid }) => [kind, dryRun, messageUuid]),
    [['missing_in_sms_logs', false, uuid]],
  )
  assert.equal(await writeUnheard({ ...databases, runId: report.run_id }, report.findings), 0)
  const rows = await system.sql(`select 1 from legacy.sms_logs where message_uuid = '${uuid}'`)
  assert.deepEqual(rows, [])
})
