// Hand-back with real processes: services that dispatch meanwhile or are dead, kill -9 of gateways and of the verb
// itself at any step, and ON again in the middle. The carrier's own log is the judge.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkInvariants, type Acknowledged } from './support/checker.ts'
import { startFleet } from './support/fleet.ts'
import { runLoad, sleep } from './support/load.ts'
import { SEND_KEY } from './support/system.ts'

const fleet = await startFleet({ servicePerSecond: 4 })
const acknowledged: Acknowledged[] = []

async function load(messages: number): Promise<void> {
  const loading = runLoad({
    urls: fleet.gateways,
    key: SEND_KEY,
    callers: 8,
    messages,
    signal: AbortSignal.timeout(60_000),
    pauseMs: 0,
  })
  acknowledged.push(...(await loading))
}

/** The verb as a process; killed after `killMs`, or left to its end. */
async function handBack(killMs?: number): Promise<number | null> {
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      join(import.meta.dirname, '..', 'bin', 'baton.ts'),
      'hand-back',
      '--execute',
      '--reason',
      'chaos',
      '--json',
    ],
    { env: { PATH: process.env['PATH'], DATABASE_URL: fleet.database.gatewayUrl }, stdio: 'ignore' },
  )
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  if (killMs !== undefined) setTimeout(() => child.kill('SIGKILL'), killMs)
  return ended
}

const claimed = async (holder: string): Promise<number> =>
  (
    await fleet.ask<{ n: number }>(
      `select count(*)::integer as n from messaging.execution_authority where holder = '${holder}' and state = 'claimed'`,
    )
  )[0]?.n ?? 0

async function judge() {
  await fleet.drained(90_000)
  await sleep(1_500) // what the carrier answers late has been written by now
  return checkInvariants({ ask: fleet.ask, carrier: await fleet.carrier(), acknowledged })
}

test('while the services dispatch: kill -9 of the verb and of gateways, ON again in the middle: 0 duplicates, 0 lost', async () => {
  assert.ok(await fleet.mode('ON'))
  await load(400)
  assert.ok(await fleet.mode('OFF'))
  assert.ok((await claimed('go')) > 100, 'the services have a backlog')
  await handBack(250 + Math.random() * 400)
  const handing = handBack()
  for (let kill = 0; kill < 4; kill++) {
    await sleep(200 + Math.random() * 200)
    await fleet.kill(kill % 2 === 0 ? 'gateway-1' : 'gateway-2')
    if (kill === 1) {
      assert.ok(await fleet.mode('ON'))
      await load(30)
    }
  }
  assert.equal(await handing, 0)
  assert.ok(await fleet.mode('OFF'))
  assert.equal(await handBack(), 0)
  const verdict = await judge()
  assert.ok(verdict.handedBack > 50, JSON.stringify(verdict))
})

test('with the services dead for good, also while the gateways are down: 0 duplicates, 0 lost', async () => {
  assert.ok(await fleet.mode('ON'))
  await load(200)
  await Promise.all([fleet.down('service-1'), fleet.down('service-2')])
  const stuck = await claimed('go')
  assert.ok(stuck > 20, `only ${stuck} stuck`)
  assert.ok(await fleet.mode('OFF'))
  await Promise.all([fleet.down('gateway-1'), fleet.down('gateway-2')])
  assert.equal(await handBack(), 0)
  assert.deepEqual([await claimed('go'), await claimed('legacy')], [0, stuck])
  await Promise.all([fleet.start('gateway-1'), fleet.start('gateway-2')])
  // Reaped by the services when they live: what they had begun when they died stays theirs.
  await fleet.start('service-1')
  const verdict = await judge()
  assert.ok(verdict.handedBack >= stuck, JSON.stringify(verdict))
})
