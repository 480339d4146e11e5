// Three providers with faults and failover, the service killed every 2 s. The carriers' own logs are the judge.
// A longer run: CHAOS_MESSAGES=100000 npm test test/dispatch-chaos.test.ts
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { uuidv7 } from 'uuidv7'
import type { ServiceResponse } from '../src/contract/service-api.ts'
import { testDatabase } from './support/database.ts'
import { checkDispatch, type DispatchEvidence } from './support/dispatch-checker.ts'
import { sleep } from './support/load.ts'
import { reservedNumber } from './support/numbers.ts'
import { freePorts, startProgram } from './support/processes.ts'
import { eventually, sql } from './support/system.ts'
import { startVendor, vendorOptions, type Course, type Vendor } from './support/vendors.ts'

const MESSAGES = Number(process.env['CHAOS_MESSAGES'] ?? 10_000)
const PER_SECOND = 500
const KILL_EVERY_MS = 2_000

const database = await testDatabase()
const vendors = await Promise.all([
  startVendor('alpha'),
  startVendor('beta'),
  startVendor('keyed', { dedupes: true }),
])
const shares: readonly [Course, number][] = [
  ['lose_answer', 0.05],
  ['hang_up', 0.01],
  ['hang_up_before', 0.01],
  ['out_of_order', 0.01],
  ['answer_late', 0.01],
  ['refuse_account', 0.03],
  ['slow_down', 0.001],
  ['refuse_message', 0.01],
]
function draw(): Course {
  let left = Math.random()
  return shares.find(([, share]) => (left -= share) < 0)?.[0] ?? 'accept'
}
for (const vendor of vendors) vendor.course = draw

const folder = mkdtempSync(join(tmpdir(), 'baton-dispatch-'))
after(() => rmSync(folder, { recursive: true }))

function entryOf(vendor: Vendor) {
  const {
    name: _name,
    timeoutMs: _timeout,
    connectionsMax: _connections,
    ...options
  } = vendorOptions(vendor, {
    protection:
      vendor.name === 'keyed' ? { kind: 'dedupe', key: 'reference', windowMs: 600_000 } : { kind: 'none' },
  })
  return { name: vendor.name, kind: 'generic', per_second: PER_SECOND, in_flight_max: 100, options }
}

const file = join(folder, 'providers.json')
writeFileSync(file, JSON.stringify({ providers: vendors.map(entryOf) }))
const [port = 0] = await freePorts(1)
const url = `http://127.0.0.1:${port}`
const start = () =>
  startProgram(
    'service',
    {
      DATABASE_URL: database.serviceUrl,
      BATON_SERVICE_PORT: String(port),
      BATON_PROVIDERS_FILE: file,
      BATON_PROVIDER_TIMEOUT_MS: '1000',
      BATON_IN_DOUBT_AFTER_MS: '4000',
      BATON_LOG_LEVEL: 'error',
    },
    `${url}/healthz`,
  )

/** Accepts until the service has said so, whatever dies meanwhile. */
async function feed(): Promise<string[]> {
  const accepted: string[] = []
  for (let n = 0; n < MESSAGES; n += 100) {
    const messages = Array.from({ length: 100 }, (_, index) => ({
      message_uuid: uuidv7(),
      to: reservedNumber((n + index) % 10_000),
      body: `chaos ${n + index}`,
    }))
    await eventually(() => post(messages), Boolean, 30_000)
    accepted.push(...messages.map((message) => message.message_uuid))
  }
  return accepted
}

async function post(messages: readonly object[]): Promise<boolean> {
  const response = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ dry_run: false, messages }),
    signal: AbortSignal.timeout(5_000),
  }).catch(() => undefined)
  const answer = (await response?.json().catch(() => undefined)) as ServiceResponse | undefined
  return answer?.results.length === messages.length
}

async function evidence(accepted: readonly string[]): Promise<DispatchEvidence> {
  const ledger = await sql<DispatchEvidence['ledger'][number]>(
    database,
    `select a.message_uuid, a.state, a.attempts, a.provider, a.reason, (select count(*) from messaging.authority_proofs p
       where p.message_uuid = a.message_uuid and p.to_state = 'claimed') as failovers
     from messaging.execution_authority a`,
  )
  return { accepted, ledger, carriers: new Map(vendors.map(({ name, sent }) => [name, sent])) }
}

test('faults, failover and kill -9 every 2 s: 0 duplicates, 0 lost, every doubt settled by proof or waiting', async () => {
  let service = await start()
  let isFed = false
  const feeding = feed().finally(() => (isFed = true))
  const open = async () =>
    (
      await sql<{ n: number }>(
        database,
        `select count(*) as n from messaging.execution_authority where state in ('claimed', 'dispatched')`,
      )
    )[0]?.n ?? 0
  let kills = 0
  for (
    const end = Date.now() + 200_000;
    Date.now() < end && (!isFed || (await open()) > MESSAGES / 20);
    kills++
  ) {
    await sleep(KILL_EVERY_MS)
    await service.kill()
    service = await start()
  }
  const accepted = await feeding
  for (const vendor of vendors) vendor.course = 'accept'
  await eventually(open, (n) => n === 0, 60_000)
  // The keyed vendor's doubts are settled by replays; the others' wait for a person.
  await eventually(
    () =>
      sql<{ n: number }>(
        database,
        `select count(*) as n from messaging.execution_authority where state = 'in_doubt' and provider = 'keyed'`,
      ),
    ([row]) => row?.n === 0,
    60_000,
  )
  const whole = await evidence(accepted)
  const verdict = checkDispatch(whole)
  console.log(`dispatch chaos: ${JSON.stringify({ accepted: accepted.length, kills, ...verdict })}`)
  assert.equal(accepted.length, MESSAGES)
  assert.ok(kills >= 3, `only ${kills} kills`)
  assert.ok(verdict.inDoubt > 0 && verdict.failovers > 0 && verdict.refused > 0, 'the run shows nothing')
  const replayed = await sql(
    database,
    `select 1 from messaging.authority_proofs where detail like 'keyed: replay%'`,
  )
  assert.ok(replayed.length > 0, 'no doubt was settled by a replay')
  await service.kill()
})

describe('the checker finds what is planted into the evidence of that run', () => {
  const planted: [string, RegExp, (found: DispatchEvidence) => Partial<DispatchEvidence>][] = [
    [
      'sent by two carriers',
      /I1/,
      ({ carriers }) => ({ carriers: new Map([...carriers, ['fourth', carriers.get('alpha') ?? []]]) }),
    ],
    [
      'sent, and no carrier has it',
      /lost/,
      ({ carriers }) => ({ carriers: new Map([...carriers, ['alpha', []]]) }),
    ],
    ['accepted and forgotten', /I3/, ({ accepted }) => ({ accepted: [...accepted, uuidv7()] })],
    [
      'another attempt without a proof',
      /rests on/,
      ({ ledger }) => ({ ledger: ledger.map((row) => ({ ...row, attempts: row.attempts + 1 })) }),
    ],
  ]
  for (const [name, expected, change] of planted) {
    test(name, async () => {
      const found = await evidence([])
      assert.throws(() => checkDispatch({ ...found, ...change(found) }), expected)
    })
  }
})
