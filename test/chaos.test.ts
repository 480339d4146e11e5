// Faults under load on real processes; the carrier's own log is the judge. Seeded; prints how to run it again.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { checkInvariants, type Evidence } from './support/checker.ts'
import { startFleet, type Role } from './support/fleet.ts'
import { runLoad, sleep } from './support/load.ts'
import { skippedAsLong } from './support/long.ts'
import { SEND_KEY } from './support/system.ts'

const seed = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000)
console.log(`chaos: CHAOS_SEED=${seed} npm test test/chaos.test.ts`)

/** A small seeded generator (mulberry32): the order of faults can be had again, their timing cannot. */
function randomOf(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
const random = randomOf(seed)
const pick = <Value>(values: readonly Value[]): Value => values[Math.floor(random() * values.length)] as Value

const proxyFaults = [
  {},
  {},
  { delay_ms: 700 },
  { delay_ms: 300 },
  { swallow: true },
  { reset: true },
  { refuse: true },
  { blackhole: true },
]
const carrierFaults = [
  {},
  {},
  { legacy: { error_share: 0.1 }, service: { error_share: 0.1 } },
  { service: { reset_after_accept: 0.1 } },
  { legacy: { swallow: 0.05 }, service: { swallow: 0.05 } },
  { legacy: { refuse: 0.1 }, service: { answer_late_ms: 1_300 } },
]
const roles: readonly Role[] = ['service-1', 'gateway-1', 'service-2', 'gateway-2']
const KILLS_A_MODE = 6
const MESSAGES = skippedAsLong === undefined ? 10_000 : 3_000
const fleet = await startFleet()

async function judge(acknowledged: Awaited<ReturnType<typeof runLoad>>) {
  await fleet.faults({})
  await fleet.carrierFaults({})
  await fleet.drained(60_000)
  await sleep(1_500) // what the carrier answers late has been written by now
  const verdict = await checkInvariants({ ask: fleet.ask, carrier: await fleet.carrier(), acknowledged })
  console.log(`chaos: ${JSON.stringify({ acknowledged: acknowledged.length, ...verdict })}`)
  return verdict
}

async function during(
  loading: Promise<unknown>,
  everyMs: number,
  act: () => Promise<unknown>,
): Promise<number> {
  let isDone = false
  void loading.finally(() => (isDone = true))
  let acts = 0
  while (!isDone) {
    await act()
    acts++
    await sleep(everyMs)
  }
  return acts
}

test('kill -9 of services and gateways at random moments under load, all modes: 0 duplicates, 0 lost, conserved', async () => {
  const everything: Awaited<ReturnType<typeof runLoad>> = []
  for (const mode of ['OFF', 'SHADOW', 'ON']) {
    assert.ok(await fleet.mode(mode))
    const enough = new AbortController()
    const loading = runLoad({
      urls: fleet.gateways,
      key: SEND_KEY,
      callers: 12,
      messages: 1_000_000,
      signal: enough.signal,
      pauseMs: 5,
    })
    for (let kill = 0; kill < KILLS_A_MODE; kill++) {
      await sleep(300 + random() * 300)
      await fleet.kill(roles[kill % roles.length] ?? 'service-1')
    }
    enough.abort()
    everything.push(...(await loading))
  }
  const verdict = await judge(everything)
  assert.ok(verdict.carried > 500, `only ${verdict.carried} sends`)
  assert.ok(
    verdict.inDoubt > 0 || verdict.rejected > 0,
    'no kill hit a send or an entry: the run shows nothing',
  )
})

test('thousands of messages with a mode flip every 200 ms and a fault change every second', async () => {
  const loading = runLoad({
    urls: fleet.gateways,
    key: SEND_KEY,
    callers: 64,
    messages: MESSAGES,
    signal: AbortSignal.timeout(150_000),
    pauseMs: 0,
  })
  const [flips] = await Promise.all([
    during(loading, 200, () => fleet.mode(pick(['OFF', 'SHADOW', 'ON', 'ON']))),
    during(loading, 1_000, async () => {
      await fleet.faults(pick(proxyFaults))
      await fleet.carrierFaults(pick(carrierFaults))
    }),
  ])
  const acknowledged = await loading
  const verdict = await judge(acknowledged)
  assert.ok(acknowledged.length >= MESSAGES * 0.9, `only ${acknowledged.length} acknowledged`)
  assert.ok(flips >= 10, `only ${flips} flips`)
  assert.ok(verdict.fallbacks > 0, 'no fallback was seen')
  assert.ok(verdict.serviceAccepted > 0 && verdict.legacySent > 0)
})

describe('the checker finds what it is there to find, planted into the evidence of the run above', () => {
  async function tampered(change: (evidence: Evidence) => Partial<Evidence>): Promise<Evidence> {
    const evidence = { ask: fleet.ask, carrier: await fleet.carrier(), acknowledged: [] }
    return { ...evidence, ...change(evidence) }
  }
  const stranger = '01890000-0000-7000-8000-00000000dead'
  const planted: [string, RegExp, (evidence: Evidence) => Partial<Evidence>][] = [
    ['a message sent twice', /I1/, ({ carrier }) => ({ carrier: [...carrier, ...carrier.slice(0, 1)] })],
    [
      'a send the ledger knows nothing of',
      /I2/,
      ({ carrier }) => {
        const [first] = carrier
        return { carrier: first ? [...carrier, { ...first, reference: stranger }] : [] }
      },
    ],
    [
      'a send by the side that has no authority',
      /authority/,
      ({ carrier }) => ({
        carrier: carrier.map((entry, n) =>
          n === 0 ? { ...entry, account: entry.account === 'legacy' ? 'service' : 'legacy' } : entry,
        ),
      }),
    ],
    ['a message that vanished on its way', /lost/, ({ carrier }) => ({ carrier: carrier.slice(1) })],
    [
      'an acknowledged message nobody entered',
      /I3/,
      () => ({
        acknowledged: [{ message_uuid: stranger, status: 'sent' }],
      }),
    ],
    [
      'quota charged once too often',
      /I7/,
      ({ ask }) => ({
        ask: async <Row>(text: string) => {
          const rows = await ask<Row>(text)
          const charge = (row: Row) => ({ ...row, used: (row as { used: number }).used + 1 })
          return text.includes('quota_accounts') ? rows.map(charge) : rows
        },
      }),
    ],
    [
      'a SHADOW message that the service sent',
      /I4/,
      ({ ask }) => ({
        ask: async <Row>(text: string) => {
          const rows = await ask<Row>(text)
          return text.includes('from legacy.sms_logs where not dry_run')
            ? rows.map((row) => ({ ...row, mode: 'SHADOW' }))
            : rows
        },
      }),
    ],
    [
      'another attempt without a proof',
      /I10/,
      ({ ask }) => ({
        ask: async <Row>(text: string) => {
          const rows = await ask<Row>(text)
          return text.includes('attempts from messaging.execution_authority')
            ? rows.map((row) => ({ ...row, attempts: 9 }))
            : rows
        },
      }),
    ],
    [
      'an entered message without a log row',
      /I12/,
      ({ ask }) => ({
        ask: async <Row>(text: string) => {
          const rows = await ask<Row>(text)
          return text.includes('from legacy.requests') ? [...rows, { uuid: stranger } as Row] : rows
        },
      }),
    ],
  ]
  test('the evidence as it is passes', async () => {
    await checkInvariants(await tampered(() => ({})))
  })
  for (const [name, expected, change] of planted) {
    test(name, async () => {
      await assert.rejects(checkInvariants(await tampered(change)), expected)
    })
  }
})
