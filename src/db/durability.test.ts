import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { uuidv7 } from 'uuidv7'
import { open, testDatabase } from '../../test/support/database.ts'
import { createClaims } from '../authority/claim.ts'
import type { Database } from './database.ts'
import { requireDurableServer } from './durability.ts'

const database = await testDatabase()

const position = { name: 'position', text: 'select pg_current_wal_insert_lsn()::text as lsn' }

describe('durability', () => {
  test('a server that keeps its commits is let through', () =>
    requireDurableServer(database.gateway, 'messaging'))

  for (const [name, setting] of [
    ['fsync', 'off'],
    ['full_page_writes', 'off'],
    ['in_recovery', 'true'],
  ] as const) {
    test(`${name} = ${setting} is refused, by name`, async () => {
      const answers = { fsync: 'on', full_page_writes: 'on', in_recovery: 'false', [name]: setting }
      const rows = Object.entries(answers).map(([name, setting]) => ({ name, setting }))
      const server = { run: () => Promise.resolve(rows) } as unknown as Database
      await assert.rejects(requireDurableServer(server, 'messaging'), new RegExp(`${name} = ${setting}`))
    })
  }

  test('a claim is flushed when it is acknowledged, though its session and role say synchronous_commit = off', async () => {
    const url = new URL(database.gatewayUrl)
    url.searchParams.set('options', '-c synchronous_commit=off')
    const careless = open(url.href, { connectionsMax: 1 })
    const claims = createClaims(careless, 5_000)
    /** Whether what `work` wrote was on disk when it was acknowledged. */
    async function isFlushed(work: () => Promise<unknown>): Promise<boolean> {
      const [before] = await careless.run<{ lsn: string }>(position)
      await work()
      const text = 'select pg_current_wal_flush_lsn() > $1::pg_lsn as flushed'
      const [after] = await careless.run<{ flushed: boolean }>({ name: 'flushed', text }, [before?.lsn ?? ''])
      return after?.flushed === true
    }
    let witnessed = 0
    for (let n = 0; n < 40; n++) {
      assert.ok(await isFlushed(() => claims.claimForLegacy([uuidv7()], 'driver')))
      const text = `insert into legacy.quota_settlements (message_uuid, tenant, charged) values (gen_random_uuid(), 't', true)`
      if (!(await isFlushed(() => careless.run({ name: 'careless', text })))) witnessed++
    }
    await careless.close()
    assert.ok(witnessed > 0, 'the session really is careless: commits of its own were seen unflushed')
  })
})
