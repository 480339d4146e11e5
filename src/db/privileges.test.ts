import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { testDatabase } from '../../test/support/database.ts'
import { readPrivileges } from './privileges.ts'

const database = await testDatabase()
const committed = readFileSync(join(import.meta.dirname, 'privileges.txt'), 'utf8')

const run = (role: 'gateway' | 'service', text: string) =>
  database[role].run({ name: `p${Math.random()}`, text })
const DENIED = { code: '42501' }

describe('privileges', () => {
  test('the committed matrix is the server’s', async () => {
    const live = await readPrivileges(database.admin)
    assert.ok(live.length > 10, 'examined something')
    assert.deepEqual(live, committed.trimEnd().split('\n'))
  })

  test('a grant too many is found', async () => {
    await database.admin.run({
      name: 'grant',
      text: 'grant delete on messaging.go_sms_logs to baton_service',
    })
    const live = await readPrivileges(database.admin)
    await database.admin.run({
      name: 'revoke',
      text: 'revoke delete on messaging.go_sms_logs from baton_service',
    })
    assert.notDeepEqual(live, committed.trimEnd().split('\n'))
  })

  test('I6: the service cannot write sms_logs, nor read it', async () => {
    const row = `('01890000-0000-7000-8000-000000000001', 'go', 'accepted', '01890000-0000-7000-8000-000000000002', 't', 'r', 'ON', 1)`
    const insert = `insert into legacy.sms_logs (message_uuid, source, status, request_id, tenant, recipient, mode, epoch) values ${row}`
    await assert.rejects(run('service', insert), DENIED)
    await assert.rejects(run('service', `update legacy.sms_logs set status = 'sent'`), DENIED)
    await assert.rejects(run('service', 'delete from legacy.sms_logs'), DENIED)
    await assert.rejects(run('service', 'select * from legacy.sms_logs'), DENIED)
    await run('gateway', insert)
  })

  test('nobody deletes from the ledger or edits a proof; the gateway cannot write go_sms_logs', async () => {
    for (const role of ['gateway', 'service'] as const) {
      await assert.rejects(run(role, 'delete from messaging.execution_authority'), DENIED)
      await assert.rejects(run(role, 'truncate messaging.execution_authority'), DENIED)
      await assert.rejects(run(role, `update messaging.authority_proofs set detail = 'x'`), DENIED)
      await assert.rejects(run(role, 'alter table messaging.execution_authority disable trigger all'), DENIED)
    }
    await assert.rejects(run('gateway', `update messaging.go_sms_logs set status = 'sent'`), DENIED)
    await assert.rejects(
      run('gateway', `update legacy.mode_changes set mode = 'ON'`),
      DENIED,
      'history is append-only',
    )
    await assert.rejects(
      run('gateway', 'update legacy.requests set message_uuids = null'),
      DENIED,
      'I5: uuids never change',
    )
  })
})
