// The drills against a whole system: they pass where all is well, fail where it is not, refuse where they could do
// harm, and leave nothing behind, also when they are killed.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { after, afterEach, describe, test } from 'node:test'
import { runDrillAt } from '../src/cli/drill.ts'
import { startFaultProxy } from '../src/fault-proxy/fault-proxy.ts'
import { verifyEvidence } from '../src/operator/verify-evidence.ts'
import { drills, type DrillReport } from '../src/operator/drills/run-drill.ts'
import { cliWith } from './support/cli.ts'
import { eventually, OPERATOR_KEY, quiet, startSystem } from './support/system.ts'

const system = await startSystem({ gateway: { breakerFailuresMax: 3 } })
const environment = {
  BATON_GATEWAY_URL: system.gateway.url,
  BATON_OPERATOR_KEY: OPERATOR_KEY,
  BATON_FAULTS_URL: system.faultsUrl,
  BATON_SANDBOX_URL: system.sandboxUrl,
  DATABASE_URL: system.database.gatewayUrl,
}
let changes: Record<string, string> = {}
const cli = cliWith(() => ({ ...environment, ...changes }))
afterEach(() => {
  changes = {}
})

const drill = (name: string, ...more: string[]) => cli.json<DrillReport>('drill', name, ...more)
const faultsNow = async () => {
  const { counters: _, ...faults } = (await (await fetch(`${system.faultsUrl}/faults`)).json()) as object & {
    counters: object
  }
  return faults
}
const evidenceOf = async (subject: string) =>
  (
    await system.sql<{ n: number }>(
      `select count(*)::integer as n from legacy.evidence where kind = 'measurement' and subject = '${subject}'`,
    )
  )[0]?.n
const drillMode = async () =>
  (
    await system.sql<{ mode: string }>(
      `select mode from legacy.mode_changes where scope = 'baton-drill' order by epoch desc limit 1`,
    )
  )[0]?.mode

async function leavesNothing(): Promise<void> {
  assert.deepEqual(await faultsNow(), {})
  assert.equal(await drillMode(), 'OFF')
  const keys = await system.sql(
    `select 1 from legacy.api_keys where tenant = 'baton-drill' and revoked_at is null`,
  )
  assert.deepEqual(keys, [])
  const others = await system.sql(
    `select 1 from legacy.mode_changes where scope <> 'baton-drill' and reason like 'drill%'`,
  )
  assert.deepEqual(others, [], 'no other scope was touched')
}

const expected: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  timeout: { swallowed: 2, late: 2, late_known_to_service: 0 },
  breaker: { opened: 1, closed_again: 1, recovered: 1, fell_back_open: 3 },
  'service-down': { sent_by_legacy: 3, not_sent_by_legacy: 0, recovered: 1 },
  rollback: { before_by_service: 8, sent_by_legacy: 5, sent_by_service: 0 },
  reconcile: { mismatches: 0, planted_found: 9, planted_not_found: 0 },
}

describe('where all is well', () => {
  for (const { name, gate } of drills) {
    test(`${name} passes, judged by the carrier’s own log, and is the evidence of its gate`, async () => {
      const before = (await evidenceOf(gate.asks)) ?? 0
      const { code, value } = await drill(name)
      assert.deepEqual([code, value.verdict], [0, 'PASS'], JSON.stringify(value))
      const { counts } = value
      assert.deepEqual(
        [counts['sent_twice'], counts['lost'], counts['answers_wrong']],
        [0, 0, 0],
        JSON.stringify(counts),
      )
      assert.ok((counts['messages'] ?? 0) >= 4)
      assert.equal(counts['judged_by_carrier'], counts['messages'])
      for (const [count, value] of Object.entries(expected[name] ?? {})) {
        assert.equal(counts[count], value, `${count}: ${JSON.stringify(counts)}`)
      }
      await leavesNothing()
      assert.equal(await evidenceOf(gate.asks), before + 1)
      if (name !== 'reconcile') {
        const judged = await cli.run('gate', 'check', gate.name)
        assert.equal(judged.code, 0, judged.out)
      }
    })
  }

  test('the drills’ messages are marked, and of a tenant of their own', async () => {
    const rows = await system.sql<{ tenant: string; body: string; reference: string }>(
      'select distinct tenant, body, reference from legacy.requests',
    )
    assert.ok(rows.length > 20)
    for (const { tenant, body, reference } of rows) {
      assert.equal(tenant, 'baton-drill')
      assert.match(body, /^Baton drill [a-z-]+ [0-9a-f]{8} \d+$/)
      assert.match(reference, /^drill:[a-z-]+:[0-9a-f]{8}$/)
    }
    assert.equal((await verifyEvidence(system.database.gateway, system.database.gateway)).verdict, 'PASS')
  })
})

describe('where it is not', () => {
  test('the legacy side that cannot send fails the drill and its gate; the next drill puts it right', async () => {
    await system.carrierFaults({ legacy: { refuse: true } })
    const failed = await drill('service-down')
    await system.carrierFaults({})
    assert.deepEqual([failed.code, failed.value.verdict], [1, 'FAIL'])
    assert.match(failed.value.reasons.join(), /not_sent_by_legacy = 3/)
    assert.equal((await cli.run('gate', 'check', 'service-down-drill')).code, 1)
    await leavesNothing()
    assert.equal((await drill('service-down')).code, 0)
    assert.equal((await cli.run('gate', 'check', 'service-down-drill')).code, 0)
  })

  test('a service that does not accept is no place for a drill', async () => {
    await system.stopService()
    const { code, value } = await drill('timeout')
    await system.restartService()
    assert.deepEqual([code, value.verdict, value.refused], [3, 'HOLD', true])
    assert.match(value.reasons.join(), /does not accept messages as it is/)
    await leavesNothing()
  })
})

describe('a drill refuses, changes nothing and leaves no evidence', () => {
  async function refuses(name: string, why: RegExp): Promise<void> {
    const state = () =>
      system.sql(`select (select count(*) from legacy.requests) as requests,
        (select count(*) from legacy.mode_changes) as modes, (select count(*) from legacy.evidence) as evidence`)
    const before = await state()
    const { code, value } = await drill(name)
    assert.deepEqual([code, value.verdict, value.refused, value.evidence], [3, 'HOLD', true, null])
    assert.match(value.reasons.join('; '), why)
    assert.deepEqual(await state(), before)
  }

  test('while another scope is in ON, unless it is told to go on', async () => {
    for (const scope of [{}, { tenant: 'acme' }]) {
      await system.mode('ON', scope)
      await refuses('breaker', /is in ON: faults would hit live traffic/)
      await system.mode('OFF', scope)
    }
    await system.mode('ON', { tenant: 'acme' })
    const { code, value } = await drill('service-down', '--during-on')
    assert.equal(code, 0, JSON.stringify(value))
    assert.equal((await drill('rollback')).code, 0, 'one without faults harms nobody')
    await system.mode('OFF', { tenant: 'acme' })
  })

  test('while faults are set by somebody else, which it leaves alone', async () => {
    await system.faults({ delay_ms: 1 })
    await refuses('timeout', /faults are set already, not by a drill: delay_ms/)
    assert.deepEqual(await faultsNow(), { delay_ms: 1 })
    assert.equal((await drill('reconcile')).code, 0)
    assert.deepEqual(await faultsNow(), { delay_ms: 1 }, 'one without faults leaves them alone, too')
    await system.faults({})
  })

  test('without a fault proxy, or with one that cannot be asked', async () => {
    changes = { BATON_FAULTS_URL: '' }
    await refuses('timeout', /there is no fault proxy/)
    changes = { BATON_FAULTS_URL: 'http://127.0.0.1:1' }
    await refuses('timeout', /the fault proxy cannot be asked/)
  })

  test('with a fault proxy that does not stand between gateway and service', async () => {
    const upstream = { host: '127.0.0.1', port: Number(new URL(system.serviceUrl).port) }
    const other = await startFaultProxy({ host: '127.0.0.1', port: 0, controlPort: 0, upstream, log: quiet })
    after(() => other.close())
    changes = { BATON_FAULTS_URL: `http://127.0.0.1:${other.controlPort}` }
    const before = await evidenceOf('timeout_drill')
    const { code, value } = await drill('timeout')
    assert.deepEqual([code, value.refused], [3, true])
    assert.match(value.reasons.join(), /does not stand between gateway and service/)
    assert.equal(await evidenceOf('timeout_drill'), before)
    await leavesNothing()
  })

  test('when its tenant is in real use, or the number is none', async () => {
    changes = { BATON_DRILL_RECIPIENT: 'home' }
    await refuses('rollback', /BATON_DRILL_RECIPIENT: is not a number/)
    changes = {}
    await system.sql(
      `insert into legacy.api_keys (key_sha256, tenant, scopes, label)
       values (sha256('real'), 'baton-drill', '{send}', 'somebody')`,
    )
    await refuses('rollback', /it is in real use/)
    await system.sql(`delete from legacy.api_keys where label = 'somebody'`)
  })

  test('while another drill runs', async () => {
    const [one, two] = await Promise.all([drill('rollback'), drill('rollback')])
    assert.deepEqual(
      [one.code, two.code].toSorted((a, b) => a - b),
      [0, 3],
    )
    const refused = one.code === 3 ? one : two
    assert.deepEqual(refused.value.reasons, ['another drill is running'])
  })

  test('a wrong call is none: 2', async () => {
    assert.equal((await cli.run('drill', 'everything')).code, 2)
    assert.equal((await cli.run('drill', 'rollback', '--during-on')).code, 2)
    changes = { BATON_GATEWAY_URL: '' }
    assert.equal((await cli.run('drill', 'rollback')).code, 2)
  })
})

test('baton faults set --for: they end by themselves', async () => {
  assert.equal((await cli.run('faults', 'set', '--delay-ms', '1', '--for', '500ms')).code, 0)
  assert.deepEqual(await faultsNow(), { delay_ms: 1, for_ms: 500 })
  await eventually(faultsNow, (faults) => Object.keys(faults).length === 0)
  assert.equal((await cli.run('faults', 'set', '--swallow', '--for', 'ever')).code, 2)
})

describe('broken off', () => {
  test('in order: everything is put back, and there is no evidence', async () => {
    const breaker = drills.find(({ name }) => name === 'breaker')
    assert.ok(breaker)
    const before = await evidenceOf('breaker_drill')
    const stopping = new AbortController()
    const reach = {
      envFile: '',
      get: (name: string) => environment[name as keyof typeof environment],
    }
    const outcome = await runDrillAt(reach, breaker, {
      signal: stopping.signal,
      say: (line) => {
        if (line.includes('answers nothing'))
          setTimeout(() => stopping.abort(new Error('broken off: test')), 50)
      },
    })
    assert.ok(outcome.kind === 'unreachable', JSON.stringify(outcome))
    assert.match(outcome.detail, /broken off/)
    assert.equal(await evidenceOf('breaker_drill'), before)
    await leavesNothing()
  })

  test('kill -9: the faults have an end of their own, and the next drill puts back the rest', async () => {
    const child = spawn(
      process.execPath,
      [
        '--disable-warning=ExperimentalWarning',
        join(import.meta.dirname, '..', 'bin', 'baton.ts'),
        'drill',
        'timeout',
      ],
      { env: { PATH: process.env['PATH'], ...environment }, stdio: ['ignore', 'ignore', 'pipe'] },
    )
    after(() => child.kill('SIGKILL'))
    await eventually(faultsNow, (faults) => 'swallow' in faults)
    child.kill('SIGKILL')
    await once(child, 'exit')
    assert.deepEqual(await faultsNow(), { swallow: true, for_ms: 60_000 })
    assert.equal(await drillMode(), 'ON')
    // The server frees the lock of the one that died.
    const next = await eventually(
      () => drill('service-down'),
      ({ code }) => code === 0,
    )
    assert.equal(next.value.verdict, 'PASS')
    await leavesNothing()
  })
})

test('what a drill sends into its faults is not held against ON', async () => {
  await drill('timeout')
  const [drilled] = await system.sql<{ n: number }>(
    `select count(*)::integer as n from legacy.sms_logs where tenant = 'baton-drill' and mode = 'ON' and not dry_run`,
  )
  assert.ok(drilled && drilled.n > 0)
  await cli.run('gate', 'check', 'performance')
  const [measured] = await system.sql<{ payload: string }>(
    `select payload from legacy.evidence where kind = 'measurement' and subject = 'performance' order by seq desc limit 1`,
  )
  assert.ok(measured)
  const { counts } = JSON.parse(measured.payload) as { counts: Record<string, number> }
  assert.equal(counts['messages_on'], 0)
})

test('what a rollback drill has handed back reconciles, and is accounted for', async () => {
  const { value } = await drill('rollback')
  assert.deepEqual([value.verdict, value.counts['handed_back']], ['PASS', 3])
  for (const verb of ['reconcile', 'audit']) {
    const { code, out } = await cli.run(verb, '--full')
    assert.equal(code, 0, out)
  }
})
