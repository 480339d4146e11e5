// Traces of spec/ledger.qnt, done by the ledger's functions on PostgreSQL. More of them, freshly made: npm run model.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { committedTraces } from '../prove/committed-traces.ts'
import { findMutants } from '../prove/find-mutants.ts'
import { mutants } from '../prove/mutants.ts'
import { replayDatabases } from '../prove/replay/databases.ts'
import { loadLedger } from '../prove/replay/ledger.ts'
import { actions } from '../prove/replay/perform.ts'
import { replayTraces } from '../prove/replay/replay-traces.ts'

const server = process.env['BATON_TEST_ADMIN_URL']
if (!server) throw new Error('replay: BATON_TEST_ADMIN_URL is not set: run the tests by npm test')
const databases = await replayDatabases(server)
after(() => databases.drop())
const traces = committedTraces()

describe('replay of the specification’s traces', () => {
  test('each action leaves the rows and gives the answers that the specification says', async () => {
    const ledger = await loadLedger(join(import.meta.dirname, '..'))
    const { disagreements, steps, actions: done } = await replayTraces(traces, ledger, databases.all)
    assert.deepEqual(disagreements, [])
    assert.ok(traces.length >= 200, `${traces.length} traces`)
    assert.ok(steps >= 5_000, `${steps} steps`)
    const missing = Object.keys(actions).filter((action) => !done.has(action))
    assert.deepEqual(missing, [], 'an action that no trace does is not tested')
  })

  test('finds every planted mistake', async () => {
    const found = await findMutants(traces, databases)
    const missed = found.filter(({ by }) => by === null).map(({ mutant }) => mutant.name)
    assert.deepEqual(missed, [])
    assert.equal(found.length, mutants.length)
  })
})
