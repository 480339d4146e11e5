// sms_logs in one database, the ledger in another: nothing joins across, and each schema stands alone.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cliWith } from './support/cli.ts'
import { testDatabase } from './support/database.ts'
import { eventually, OPERATOR_KEY, seedTenant, sql, startSystem } from './support/system.ts'

const legacy = await testDatabase()
await seedTenant(legacy)
await sql(legacy, 'drop schema messaging cascade')
const system = await startSystem({
  gateway: { legacyDatabaseUrl: legacy.gatewayUrl },
  senderPaces: { Slow: 0.001 },
})
await sql(system.database, 'drop schema legacy cascade')

test('all three modes work over two databases', async () => {
  const to = '+12025550100'
  const off = await system.send({ to, body: 'off' })
  assert.equal(off.body.messages[0]?.status, 'sent')
  await system.mode('SHADOW')
  const shadow = await system.send({ to, body: 'shadow' })
  assert.equal(shadow.body.messages[0]?.status, 'sent')
  await system.mode('ON')
  const on = await system.send({ to, body: 'on' })
  assert.equal(on.body.messages[0]?.status, 'accepted')
  await system.faults({ swallow: true })
  const lost = await system.send({ to, body: 'lost answer' })
  await system.faults({})
  assert.equal(lost.body.messages[0]?.status, 'accepted')
  const carried = await eventually(system.carrier, (entries) => entries.length >= 4)
  assert.deepEqual(carried.map(({ account }) => account).sort(), ['legacy', 'legacy', 'service', 'service'])
  const logged = await sql<{ n: number }>(
    legacy,
    'select count(*) as n from legacy.sms_logs where not dry_run',
  )
  assert.deepEqual(logged, [{ n: 4 }])
  const status = await system.call<{ ledger: unknown }>(
    'GET',
    '/operator/status',
    undefined,
    'test-operator-key',
  )
  assert.notEqual(status.body.ledger, null)
})

test('so do hand-back, by tenant, and a mode change that is waited for', async () => {
  const cli = cliWith(() => ({
    BATON_GATEWAY_URL: system.gateway.url,
    BATON_OPERATOR_KEY: OPERATOR_KEY,
    DATABASE_URL: system.database.gatewayUrl,
    LEGACY_DATABASE_URL: legacy.gatewayUrl,
  }))
  const { body } = await system.send({ to: '+12025550100', body: 'slowly', from: 'Slow' })
  const uuid = body.messages[0]?.message_uuid ?? ''
  assert.equal((await cli.run('mode', 'set', 'OFF', '--reason', 'back', '--wait')).code, 0)
  const { code, value } = await cli.json<{ handed_back: number }>(
    'hand-back',
    '--execute',
    '--tenant',
    'demo',
    '--reason',
    'back',
  )
  assert.deepEqual([code, value.handed_back], [0, 1])
  const carried = async () => (await system.carrier()).filter(({ reference }) => reference === uuid)
  const sent = await eventually(carried, (entries) => entries.length > 0)
  assert.deepEqual(
    sent.map(({ account }) => account),
    ['legacy'],
  )
})
