// The runbook is executed for real: an agent takes a live system from OFF to ON and back while traffic runs.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { baton, follow } from '../support/agent.ts'
import { checkInvariants } from '../support/checker.ts'
import { startFleet } from '../support/fleet.ts'
import { runLoad, sleep } from '../support/load.ts'
import { skippedAsLong } from '../support/long.ts'
import { SEND_KEY } from '../support/system.ts'

const runbook = join(import.meta.dirname, '..', '..', 'MIGRATION_RUNBOOK.md')
const set = ['SHADOW_SOAK=5s', 'RAMP_SOAK=3s', 'FULL_SOAK=5s', 'PATIENCE=4m']
const fleet = skippedAsLong === undefined ? await startFleet() : undefined

test(
  'OFF, SHADOW, the ramp, ON and back, by next and run alone, under 100 messages a second',
  { skip: skippedAsLong, timeout: 900_000 },
  async () => {
    assert.ok(fleet)
    const journal = join(fleet.environment.BATON_DIRECTORY, 'journal')
    const stop = new AbortController()
    const load = runLoad({
      urls: fleet.gateways,
      key: SEND_KEY,
      callers: 20,
      messages: 200_000,
      signal: stop.signal,
      pauseMs: 330,
    })
    try {
      const begun = Date.now()
      const say = (line: string) =>
        console.log(`migration ${((Date.now() - begun) / 1000).toFixed(0)} s: ${line}`)
      const { steps, stoppedAt, why } = await follow({
        runbook,
        journal,
        environment: fleet.environment,
        set,
        say,
      })
      // What a gate has seen is gone when the test is.
      if (stoppedAt !== null) console.log((await baton(['reconcile'], fleet.environment)).out)
      assert.deepEqual([stoppedAt, why], [null, 'nothing is left'], JSON.stringify(steps))
      const modeNow = async () => {
        const { out } = await baton(['mode', 'get', '--json'], fleet.environment)
        return (JSON.parse(out) as { mode: string }).mode
      }
      assert.equal(await modeNow(), 'ON')
      const back = await baton(
        ['runbook', 'rollback', runbook, '--journal', journal, '--execute'],
        fleet.environment,
      )
      assert.equal(back.code, 0, back.out + back.complaints)
      assert.equal(await modeNow(), 'OFF')
    } finally {
      stop.abort()
    }
    const acknowledged = await load
    await fleet.drained(60_000)
    await sleep(1_500)
    const verdict = await checkInvariants({ ask: fleet.ask, carrier: await fleet.carrier(), acknowledged })
    console.log(`migration: ${JSON.stringify({ acknowledged: acknowledged.length, ...verdict })}`)
    assert.ok(verdict.legacySent > 1_000 && verdict.serviceAccepted > 500, 'both sides have sent')
  },
)
