// A mode change with two gateway processes under load: who sends is read from the carrier's own log.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ModeChanged, ModeChangeStatus } from '../src/contract/gateway-api.ts'
import { cliWith } from './support/cli.ts'
import { startFleet } from './support/fleet.ts'
import { runLoad, sleep } from './support/load.ts'
import { eventually, OPERATOR_KEY, SEND_KEY } from './support/system.ts'

const fleet = await startFleet()
const cli = cliWith(() => ({
  BATON_GATEWAY_URL: fleet.gateways[0] ?? '',
  BATON_OPERATOR_KEY: OPERATOR_KEY,
}))
const setMode = (mode: string, ...more: string[]) =>
  cli.json<ModeChanged>('mode', 'set', mode, '--reason', 'test', '--wait', '--timeout', '60s', ...more)

async function serviceIsEmpty(epoch: number): Promise<void> {
  const ask = async () => {
    const response = await fetch(`${fleet.gateways[0]}/operator/mode/changes/${epoch}`, {
      headers: { authorization: `Bearer ${OPERATOR_KEY}` },
    })
    return ((await response.json()) as ModeChangeStatus).held_by_service
  }
  await eventually(ask, (held) => held !== null && held.claimed + held.dispatched === 0, 30_000)
}

/** What the carrier got since, with the epoch each message was entered under. */
async function carriedSince(position: number) {
  const entries = (await fleet.carrier()).slice(position)
  const entered = await fleet.ask<{ uuid: string; epoch: number }>(
    'select unnest(message_uuids) as uuid, epoch from legacy.requests',
  )
  const epochOf = new Map(entered.map(({ uuid, epoch }) => [uuid, epoch]))
  return entries.map((entry) => ({ ...entry, epoch: epochOf.get(entry.reference) ?? 0 }))
}

test('once acknowledged and drained, the old side sends nothing more; the new side does', async () => {
  const enough = new AbortController()
  const loading = runLoad({
    urls: fleet.gateways,
    key: SEND_KEY,
    callers: 8,
    messages: 1_000_000,
    signal: enough.signal,
    pauseMs: 20,
  })
  await sleep(500)
  for (const mode of ['ON', 'OFF', 'ON', 'SHADOW']) {
    const { code, value } = await setMode(mode)
    assert.equal(code, 0, JSON.stringify(value))
    assert.deepEqual([value.change.live, value.change.acknowledged_by_all], [2, true])
    if (mode !== 'ON') await serviceIsEmpty(value.epoch)
    await sleep(1_000)
    const position = (await fleet.carrier()).length
    await sleep(1_500)
    const since = await carriedSince(position)
    const olds = since.filter(({ epoch }) => epoch < value.epoch)
    assert.deepEqual(olds, [], `${mode}: nothing that was entered before is still being sent`)
    const bySide = Map.groupBy(since, ({ account }) => account)
    if (mode === 'ON') {
      // What the legacy side sends now are fallbacks of a machine under load, and are logged as such.
      const legacy = (bySide.get('legacy') ?? []).map(({ reference }) => `'${reference}'`)
      const others = await fleet.ask(
        `select message_uuid from legacy.sms_logs
         where source = 'legacy' and fallback is null and message_uuid::text in (${[...legacy, `''`].join(',')})`,
      )
      assert.deepEqual(others, [])
      assert.ok((bySide.get('service')?.length ?? 0) > 5, 'the service sends')
    } else {
      assert.equal(bySide.get('service')?.length ?? 0, 0, `${mode}: the service sends nothing`)
      assert.ok((bySide.get('legacy')?.length ?? 0) > 5, 'the legacy side sends')
    }
  }
  enough.abort()
  await loading
})

test('a gateway that has stopped answers for itself: it is named, and the exit code is 3; dead, it blocks nothing', async () => {
  await fleet.drained(30_000)
  fleet.signal('gateway-2', 'SIGSTOP')
  try {
    const held = await cli.json<ModeChanged>(
      'mode',
      'set',
      'OFF',
      '--reason',
      'stopped',
      '--wait',
      '--timeout',
      '2s',
    )
    assert.equal(held.code, 3)
    assert.deepEqual([held.value.change.live, held.value.change.acknowledged], [2, 1])
    const told = await cli.run('mode', 'set', 'OFF', '--reason', 'stopped', '--wait', '--timeout', '1s')
    assert.equal(told.code, 3)
    assert.match(told.complaints, /1 of 2 gateways have acknowledged it; missing: .+ pid \d+;/)
  } finally {
    fleet.signal('gateway-2', 'SIGCONT')
  }
  assert.equal((await setMode('OFF')).code, 0, 'it goes on and acknowledges')
  fleet.signal('gateway-2', 'SIGSTOP')
  await fleet.down('gateway-2')
  const { code, value } = await setMode('SHADOW')
  assert.deepEqual([code, value.change.live], [0, 1])
  await fleet.start('gateway-2')
})
