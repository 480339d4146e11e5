import assert from 'node:assert/strict'
import { test } from 'node:test'
import { uuidv7 } from 'uuidv7'
import { testDatabase } from '../../test/support/database.ts'
import { createClaims } from './claim.ts'
import { LedgerUnavailable } from './unavailable.ts'

const database = await testDatabase()

test('I1: a claim that neither inserts nor finds a row is no win: the ledger counts as unavailable', async () => {
  await database.admin.run({
    name: '',
    text: `create function messaging.drop_quietly() returns trigger language plpgsql as 'begin return null; end'`,
  })
  await database.admin.run({
    name: '',
    text: `create trigger drop_quietly before insert on messaging.execution_authority for each row
      execute function messaging.drop_quietly()`,
  })
  const claims = createClaims(database.gateway, 300)
  await assert.rejects(claims.claimForLegacy([uuidv7()], 'driver'), LedgerUnavailable)
  await assert.rejects(claims.giveUp([uuidv7()], 'nobody wants it'), LedgerUnavailable)
  const accepting = createClaims(database.service, 300).accept([
    { messageUuid: uuidv7(), recipient: '+12025550100', sender: null, body: 'hello' },
  ])
  await assert.rejects(accepting, LedgerUnavailable)
})
