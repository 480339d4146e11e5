// Failover on real processes, in a short form. The longer one, npm run chaos -- --failover, also promotes an
// asynchronous standby and goes through the procedure for a restore.
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { killPrograms } from '../../test/support/spawn-program.ts'
import { skippedAsLong } from '../../test/support/long.ts'
import { failOver } from './failover.ts'

after(killPrograms)

describe(
  'kill -9 of the primary under load, its standby takes over at the same address',
  { skip: skippedAsLong },
  () => {
    test('I1, I2, I3: a synchronous standby has every acknowledged commit: 0 duplicates, 0 lost', async () => {
      const { acknowledged, sentBefore, sentAfter, forgotten, duplicates, verdict } = await failOver({
        standby: 'synchronous',
        beforeMs: 4_000,
        afterMs: 4_000,
      })
      assert.ok(acknowledged > 0 && sentBefore > 0 && sentAfter > 0, 'sends on both sides of the failover')
      assert.deepEqual([forgotten, duplicates], [0, 0])
      assert.ok(verdict)
    })
  },
)
