// Each fault stops the run of our runbook at the gate that is there for it, with the reason; and the way back leads to
// OFF. One live system, traffic all the time, one journal a fault.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { baton } from '../support/agent.ts'
import { checkInvariants, type Acknowledged } from '../support/checker.ts'
import { startFleet } from '../support/fleet.ts'
import { runLoad, sleep } from '../support/load.ts'
import { skippedAsLong } from '../support/long.ts'
import { SEND_KEY } from '../support/system.ts'

const root = join(import.meta.dirname, '..', '..')
const runbook = join(root, 'MIGRATION_RUNBOOK.md')
const set = ['SHADOW_SOAK=2s', 'RAMP_SOAK=1s', 'FULL_SOAK=1s', 'PATIENCE=25s']
const parameters = set.flatMap((pair) => ['--set', pair])
const fleet = skippedAsLong === undefined ? await startFleet() : undefined

describe('faults in the way of the migration', { skip: skippedAsLong, timeout: 1_500_000 }, () => {
  const loads: Promise<Acknowledged[]>[] = []
  const stopping = new AbortController()
  const system = () => fleet ?? assert.fail('the fleet was not started')

  function traffic(messages: number): Promise<Acknowledged[]> {
    const { gateways } = system()
    const { signal } = stopping
    const load = runLoad({ urls: gateways, key: SEND_KEY, callers: 20, messages, signal, pauseMs: 330 })
    loads.push(load)
    return load
  }

  function bookOf(name: string) {
    const { environment } = system()
    const journal = join(environment.BATON_DIRECTORY, name)
    const verb = (...argv: string[]) =>
      baton(['runbook', argv[0] ?? '', runbook, '--journal', journal, ...argv.slice(1)], environment)
    return {
      journal,
      verb,
      /** Runs on; says where it ended. */
      async run(...more: string[]) {
        const isBegun = existsSync(join(journal, 'journal.jsonl'))
        const { code, out, complaints } = await verb(
          'run',
          '--execute',
          '--json',
          ...(isBegun ? [] : parameters),
          ...more,
        )
        const why = (JSON.parse(out.trim().split('\n').at(-1) ?? '{}') as { why?: string }).why
        console.log(`faults: ${name}: exit ${code}: ${why} ${complaints}`)
        return { code, why: why ?? complaints }
      },
      async back() {
        const done = await verb('rollback', '--execute')
        // What a gate has rolled back already leaves nothing to do.
        assert.ok(done.code === 0 || /nothing to take back/.test(done.out + done.complaints), done.out)
        assert.equal(await modeNow(), 'OFF')
      },
    }
  }

  async function modeNow(): Promise<string> {
    const { out } = await baton(['mode', 'get', '--json'], system().environment)
    return (JSON.parse(out) as { mode: string }).mode
  }

  /** As no program could: past every trigger. */
  const tamper = (...texts: string[]) =>
    system().database.admin.transaction(async (runner) => {
      await runner.run({ name: '', text: 'set local session_replication_role = replica' })
      for (const text of texts) await runner.run({ name: '', text })
    })

  before(async () => {
    await traffic(200)
  })
  after(() => stopping.abort())

  test('too few samples: SHADOW without traffic holds, and opens nothing', async () => {
    const book = bookOf('few')
    assert.equal((await book.run('--to', 'shadow')).code, 0)
    await traffic(40)
    const { code, why } = await book.run()
    assert.equal(code, 3)
    assert.match(why, /gate shadow-agrees HOLD: .*looked at \d+: needs 1000/)
    await book.back()
    void traffic(1_000_000)
  })

  test('a wrong grant', async () => {
    await tamper(
      'grant usage on schema legacy to baton_service',
      'grant insert on legacy.sms_logs to baton_service',
    )
    const book = bookOf('grant')
    const { code, why } = await book.run()
    await tamper(
      'revoke all on legacy.sms_logs from baton_service',
      'revoke usage on schema legacy from baton_service',
    )
    assert.equal(code, 1)
    assert.match(why, /gate grants-right FAIL: .*wrong = 2/)
    assert.equal(await modeNow(), 'OFF')
  })

  test('a mismatch: the service has a message that nobody entered', async () => {
    const old = `(lpad(to_hex((date_part('epoch', now()) * 1000 - 900000)::bigint), 12, '0') || '7abc8def0123456789ab')::uuid`
    await tamper(
      `insert into messaging.go_sms_logs (message_uuid, dry_run, recipient, body, status, created_at, updated_at)
       values (${old}, false, '+12025550100', 'planted', 'accepted', now() - interval '15 minutes', now() - interval '15 minutes')`,
    )
    const book = bookOf('mismatch')
    const { code, why } = await book.run()
    await tamper(`delete from messaging.go_sms_logs where body = 'planted'`)
    assert.equal(code, 1)
    assert.match(why, /gate off-balanced FAIL: .*mismatches = 1/)
    await book.back()
  })

  test('a provider call in SHADOW: the gate rolls back by itself', async () => {
    const book = bookOf('provider')
    assert.equal((await book.run('--to', 'shadow')).code, 0)
    const shadowed = `(select message_uuid from messaging.go_sms_logs where dry_run order by message_uuid limit 1)`
    await tamper(`update messaging.execution_authority set holder = 'go' where message_uuid = ${shadowed}`)
    const { code, why } = await book.run()
    await tamper(
      `update messaging.execution_authority set holder = 'legacy' where message_uuid = ${shadowed}`,
    )
    assert.equal(code, 1)
    assert.match(why, /gate shadow-harmless FAIL: .*provider_calls = 1.*: rolled back: shadow, off/)
    assert.equal(await modeNow(), 'OFF')
  })

  test('the proxy is stuck with a fault: no drill runs, and the run stops there', async () => {
    const book = bookOf('stuck')
    assert.equal((await book.run('--to', 'shadow-agrees')).code, 0)
    // Set by hand, and left: it would mix with the drill's own.
    await system().faults({ delay_ms: 1 })
    const { code, why } = await book.run()
    await system().faults({})
    assert.equal(code, 1)
    assert.match(why, /step drill-timeout failed: exit 3/)
    await book.back()
  })

  test('stale evidence: a drill of last week opens nothing', async () => {
    const book = bookOf('stale')
    assert.equal((await book.run('--to', 'drill-reconcile')).code, 0)
    await tamper(
      `update legacy.evidence set recorded_at = recorded_at - interval '8 days'
       where kind = 'measurement' and subject = 'breaker_drill'`,
    )
    const { code, why } = await book.run()
    assert.equal(code, 3)
    assert.match(why, /gate drills-fresh HOLD: .*breaker_drill: was measured \d+ ms ago/)
    await book.back()
    await tamper(
      `update legacy.evidence set recorded_at = recorded_at + interval '8 days'
       where kind = 'measurement' and subject = 'breaker_drill'`,
    )
  })

  test('the runner is killed in each step on the way to ON: resumed, it goes on from there', async () => {
    const book = bookOf('killed')
    const approve = () => book.verb('approve', 'approve-on', '--by', 'ann', '--reason', 'test')
    for (const step of ['off', 'shadow', 'drill-timeout', 'drill-rollback', 'on-1', 'on-5']) {
      await killedIn(book.journal, step)
      if (step === 'drill-rollback') {
        assert.equal((await book.run('--to', 'drills-fresh')).code, 0)
        assert.equal((await approve()).code, 0)
      }
    }
    const { code, why } = await book.run('--to', 'on-5')
    assert.deepEqual([code, why], [0, 'complete up to on-5'])
    assert.equal(await modeNow(), 'ON')
    await book.back()
  })

  /** Runs until the step is begun in the journal, and kills the runner there. */
  async function killedIn(journal: string, step: string): Promise<void> {
    const { BATON_TEST_ADMIN_URL: _, ...own } = process.env
    const file = join(journal, 'journal.jsonl')
    const begun = () =>
      existsSync(file)
        ? readFileSync(file, 'utf8')
            .split('\n')
            .filter((line) => line.includes('"kind":"started"') && line.includes(`"step":"${step}"`)).length
        : 0
    const isFirst = !existsSync(file)
    const argv = [
      'runbook',
      'run',
      runbook,
      '--journal',
      journal,
      '--execute',
      ...(isFirst ? parameters : []),
    ]
    const runner = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', join(root, 'bin', 'baton.ts'), ...argv],
      { cwd: root, env: { ...own, ...system().environment }, stdio: 'ignore' },
    )
    const gone = new Promise((resolve) => runner.once('exit', resolve))
    for (let looks = 0; begun() === 0; looks++) {
      assert.ok(runner.exitCode === null && looks < 3_000, `the runner did not come to ${step}`)
      await sleep(50)
    }
    runner.kill('SIGKILL')
    await gone
    console.log(`faults: killed in ${step}`)
  }

  test('the service is down: nothing is begun', async () => {
    await system().down('service-1')
    const book = bookOf('down')
    const { code, why } = await book.run()
    assert.equal(code, 1)
    assert.match(why, /gate programs-well FAIL/)
    await system().kill('service-1')
    assert.equal(await modeNow(), 'OFF')
  })

  test('shadow disagreement: the service would refuse what legacy sends', async () => {
    const book = bookOf('disagreement')
    assert.equal((await book.run('--to', 'shadow')).code, 0)
    await tamper(
      `insert into messaging.opt_outs (recipient, reason, actor)
       select distinct recipient, 'planted', 'test' from legacy.sms_logs on conflict do nothing`,
    )
    await sleep(5_000)
    const { code, why } = await book.run()
    await tamper(`delete from messaging.opt_outs where reason = 'planted'`)
    assert.equal(code, 1)
    assert.match(why, /gate shadow-agrees FAIL: .*agreement_low = .*: rolled back: shadow, off/)
    assert.equal(await modeNow(), 'OFF')
  })

  test('through all of it nobody got a text twice, and nothing was lost', async () => {
    stopping.abort()
    const acknowledged = (await Promise.all(loads)).flat()
    const { ask, carrier, drained } = system()
    await drained(60_000)
    await sleep(1_500)
    const verdict = await checkInvariants({ ask, carrier: await carrier(), acknowledged })
    console.log(`faults: ${JSON.stringify({ acknowledged: acknowledged.length, ...verdict })}`)
    assert.ok(acknowledged.length > 1_000)
  })
})
