// Scheduled messages while gateways and services are killed hard and the mode flips: once each, never early.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SendResponse } from '../src/contract/gateway-api.ts'
import { checkInvariants, type Acknowledged } from './support/checker.ts'
import { startFleet, type Role } from './support/fleet.ts'
import { reservedNumber } from './support/numbers.ts'
import { SEND_KEY } from './support/system.ts'

const fleet = await startFleet()
const acknowledged: Acknowledged[] = []
const dueAt = new Map<string, number>()

const ROUNDS = 9
const MODES = ['OFF', 'SHADOW', 'ON'] as const
const VICTIMS: readonly Role[] = ['gateway-1', 'service-1', 'gateway-2', 'gateway-1', 'service-2']

/** Some recipients, due in 1 to 3 s; undefined when the gateway died under it. */
async function schedule(gatewayUrl: string, round: number): Promise<SendResponse | undefined> {
  const sendAt = new Date(Date.now() + 1_000 + (round % 3) * 1_000).toISOString()
  const validUntil = new Date(Date.now() + (round % 4 === 0 ? 4_000 : 600_000)).toISOString()
  const to = Array.from({ length: 10 }, (_, n) => reservedNumber(round * 10 + n))
  const body = JSON.stringify({ to, body: `round ${round}`, send_at: sendAt, valid_until: validUntil })
  const headers = { authorization: `Bearer ${SEND_KEY}`, 'content-type': 'application/json' }
  const response = await fetch(`${gatewayUrl}/v1/sms`, { method: 'POST', headers, body }).catch(() => null)
  if (response?.status !== 202) return undefined
  const answer = (await response.json()) as SendResponse
  for (const { message_uuid, status } of answer.messages) {
    acknowledged.push({ message_uuid, status })
    dueAt.set(message_uuid, Date.parse(sendAt))
  }
  return answer
}

test('kill -9 and flips between entry and send_at: 0 duplicates, 0 early, 0 lost, conserved', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    await fleet.mode(MODES[round % 3] ?? 'OFF')
    const sends = Promise.all(fleet.gateways.map((url) => schedule(url, round)))
    const victim = VICTIMS[round % VICTIMS.length] ?? 'gateway-1'
    // In odd rounds the gateway dies while it answers, in even ones while it holds.
    if (round % 2 === 0) await sends
    await fleet.kill(victim)
    await sends
  }
  await fleet.drained(60_000)
  const carrier = await fleet.carrier()
  for (const { reference, at } of carrier) {
    const due = dueAt.get(reference)
    if (due !== undefined) assert.ok(Date.parse(at) >= due, `${reference}: sent at ${at}, before its time`)
  }
  const verdict = await checkInvariants({ ask: fleet.ask, carrier, acknowledged })
  assert.ok(verdict.carried > 60, fleet.outputs())
  // What did not go is void because its validity passed or its caller was never answered; nothing else.
  const failed = await fleet.ask<{ reason: string }>(
    `select distinct reason from legacy.sms_logs where status = 'failed'`,
  )
  for (const { reason } of failed) {
    assert.match(reason, /valid_until has passed|left without an answer/)
  }
  const acknowledgedIds = acknowledged.map(({ message_uuid }) => `'${message_uuid}'`).join(',')
  const voided = await fleet.ask<{ reason: string }>(
    `select distinct reason from legacy.sms_logs where status = 'failed' and message_uuid in (${acknowledgedIds})`,
  )
  assert.ok(
    voided.every(({ reason }) => reason === 'valid_until has passed'),
    JSON.stringify(voided),
  )
})
