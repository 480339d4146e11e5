// Reconciliation and audit run without a pause while messages are sent through a network that fails: nothing that
// is merely on its way may be called a mismatch, and what is left at the end must agree to the message.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { audit } from '../src/reconcile/audit.ts'
import { reconciliation } from '../src/reconcile/pairs.ts'
import { reconcile } from '../src/reconcile/reconcile.ts'
import type { Report } from '../src/reconcile/report.ts'
import { everything } from '../src/reconcile/window.ts'
import { reservedNumbers } from './support/numbers.ts'
import { eventually, startSystem, unique } from './support/system.ts'

const TRAFFIC_MS = 6_000
const system = await startSystem({
  gateway: { wantedMs: 2_000, inDoubtAfterMs: 2_500 },
  service: { inDoubtAfterMs: 2_500 },
})
const sides = { legacy: system.database.gateway, messaging: system.database.gateway, window: everything }
// Shorter than a production run's, longer than any message takes here.
const grace = { graceMs: 4_000, workListGraceMs: 30_000 }
const numbers = reservedNumbers(200)

const faults = [
  { delay_ms: 700 },
  { reset: true },
  { swallow: true },
  { blackhole: true },
  { refuse: true },
  {},
] as const

async function send(untilMs: number): Promise<number> {
  let sent = 0
  while (Date.now() < untilMs) {
    const count = 1 + (sent % 7)
    const { status, body } = await system.send({
      to: numbers.slice(sent % 150, (sent % 150) + count),
      body: `live ${unique()}`,
    })
    if (status === 202) sent += body.messages.length
  }
  return sent
}

async function breakThings(untilMs: number): Promise<void> {
  for (let turn = 0; Date.now() < untilMs; turn++) {
    await system.faults(faults[turn % faults.length] ?? {})
    await sleep(350)
    await system.faults({})
    await system.mode(turn % 3 === 1 ? 'OFF' : 'ON')
    await sleep(250)
  }
  await system.faults({})
}

async function lookOn(untilMs: number): Promise<Report[]> {
  const reports: Report[] = []
  while (Date.now() < untilMs) {
    reports.push(await reconcile({ ...sides, ...grace, question: reconciliation }))
    reports.push((await audit({ ...sides, ...grace })).report)
  }
  return reports
}

test('under live traffic with faults no mismatch is reported that is none', async () => {
  await system.mode('ON')
  const untilMs = Date.now() + TRAFFIC_MS
  const [reports, , ...sent] = await Promise.all([
    lookOn(untilMs),
    breakThings(untilMs),
    ...Array.from({ length: 4 }, () => send(untilMs)),
  ])
  const mismatches = reports.flatMap(({ findings }) => findings.filter(({ inFlight }) => !inFlight))
  assert.deepEqual(mismatches, [])
  assert.ok(reports.length >= 10, `looked ${reports.length} times`)
  assert.ok(
    reports.some(({ in_flight }) => in_flight > 0),
    'caught messages on their way',
  )
  const witness = await system.sql<{ fallbacks: number; accepted: number }>(
    `select count(*) filter (where fallback is not null)::integer as fallbacks,
       count(*) filter (where source = 'go')::integer as accepted from legacy.sms_logs`,
  )
  assert.ok(witness[0] && witness[0].fallbacks > 0 && witness[0].accepted > 0, JSON.stringify(witness))

  const last = await eventually(
    async () => ({
      ...(await audit({ ...sides, ...grace })),
      logs: await reconcile({ ...sides, ...grace, question: reconciliation }),
    }),
    ({ balance, report, logs }) =>
      balance.open === 0 && balance.unresolved === 0 && report.in_flight === 0 && logs.in_flight === 0,
    20_000,
  )
  const entered = sent.reduce((sum, messages) => sum + messages, 0)
  assert.deepEqual([last.report.verdict, last.logs.verdict, last.imbalance], ['PASS', 'PASS', 0])
  assert.ok(last.balance.entered >= entered && entered > 100, `${last.balance.entered} of ${entered}`)
})
