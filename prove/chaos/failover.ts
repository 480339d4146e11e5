// The primary is killed under load and its standby takes over at the same address.
import assert from 'node:assert/strict'
import { fenceSends, markForgotten, reconcileRestored, reopenSends } from '../../src/cli/restore-steps.ts'
import type { Outcome } from '../../src/cli/shell.ts'
import { checkInvariants, type Verdict } from '../../test/support/checker.ts'
import { runLoad } from '../../test/support/load.ts'
import { freePorts } from '../../test/support/spawn-program.ts'
import type { CarrierEntry } from '../../test/support/system.ts'
import { askOnce, startChaosCluster } from './chaos-cluster.ts'
import { SEND_KEY, startChaosFleet, type ChaosFleet } from './chaos-fleet.ts'
import { drain } from './stage.ts'
import { pause } from './seeded.ts'
import { STANDBY_NAME, startStandby, type Standby } from './standby.ts'

export interface FailoverOptions {
  /** Asynchronous: the standby has lost its network a moment before, as it may. */
  readonly standby: 'synchronous' | 'asynchronous'
  readonly beforeMs: number
  readonly afterMs: number
  readonly onProgress?: (line: string) => void
}

export interface Failover {
  readonly acknowledged: number
  readonly sentBefore: number
  readonly sentAfter: number
  /** Texts the carrier sent and the ledger that is left knows no dispatch of: each could go out again. */
  readonly forgotten: number
  /** Messages that the carrier has sent more than once. */
  readonly duplicates: number
  /** What the checker says; undefined for an asynchronous standby, whose records have a hole. */
  readonly verdict: Verdict | undefined
}

const CALLERS = 12
const BEHIND_MS = 1_500
const FENCED_MS = 2_000
const MARGIN_MS = 60_000

/**
 * Rejects when an invariant does not hold with a synchronous standby. An asynchronous one takes over by the procedure for
 * a restore: fenced before a program reaches it, marked, reconciled, reopened.
 */
export async function failOver(options: FailoverOptions): Promise<Failover> {
  const [primaryPort = 0, standbyPort = 0] = await freePorts(2)
  const primary = await startChaosCluster(primaryPort, { max_connections: '80' }, 'failover')
  const standby = await startStandby(primary, standbyPort)
  try {
    const fleet = await startChaosFleet(primary)
    try {
      return await underLoad(fleet, standby, options)
    } finally {
      await fleet.close()
    }
  } finally {
    await standby.stop()
  }
}

async function underLoad(fleet: ChaosFleet, standby: Standby, options: FailoverOptions): Promise<Failover> {
  const { cluster } = fleet
  const { onProgress = () => {} } = options
  if (options.standby === 'synchronous') {
    await cluster.ask(`alter system set synchronous_standby_names = '${STANDBY_NAME}'`)
    await cluster.ask('select pg_reload_conf()')
  }
  await fleet.mode('ON')
  const enough = new AbortController()
  const loading = runLoad({
    urls: fleet.gateways,
    key: SEND_KEY,
    callers: CALLERS,
    messages: Number.MAX_SAFE_INTEGER,
    signal: enough.signal,
    pauseMs: 30,
    patienceMs: 8_000,
  })
  const flipping = flip(fleet, enough.signal)
  await pause(options.beforeMs)
  if (options.standby === 'asynchronous') {
    standby.replication.fate = 'refuse'
    standby.replication.cut()
    await pause(BEHIND_MS)
  }
  await cluster.destroy('kill_all')
  const sentBefore = (await fleet.carrier()).length
  onProgress(`the primary is dead, ${sentBefore} texts sent`)
  await standby.promote()
  const isComplete = options.standby === 'synchronous'
  const forgotten = await forgottenBy(standby, await fleet.carrier())
  if (isComplete) fleet.leadTo(standby.port)
  else await takeOverIncomplete(fleet, standby)
  onProgress(`the standby is the primary; ${forgotten} texts were sent that it knows nothing of`)
  await pause(options.afterMs)
  enough.abort()
  const acknowledged = await loading
  await flipping
  await drain(fleet)
  if (fleet.brokenDown.length > 0)
    throw new Error(`a program ended by itself: ${fleet.brokenDown.join('\n')}`)
  const carrier = await fleet.carrier()
  const references = Map.groupBy(carrier, (entry) => entry.reference)
  const twice = [...references].filter(([, entries]) => entries.length > 1).map(([reference]) => reference)
  assert.deepEqual(twice, [], 'I1: sent more than once')
  assert.equal(
    forgotten > 0,
    !isComplete,
    'only an asynchronous standby forgets, and this run has to show it',
  )
  return {
    acknowledged: acknowledged.length,
    sentBefore,
    sentAfter: carrier.length - sentBefore,
    forgotten,
    duplicates: twice.length,
    verdict: isComplete ? await checkInvariants({ ask: fleet.ask, carrier, acknowledged }) : undefined,
  }
}

/** Gateway and ledger went back in time together: one database holds both. */
async function takeOverIncomplete(fleet: ChaosFleet, standby: Standby): Promise<void> {
  const url = databaseOf(standby)
  const urls = { adminUrl: url, legacyAdminUrl: url }
  const done = <Value>(outcome: Outcome<Value>): void => {
    if (outcome.kind !== 'done') throw new Error(outcome.detail)
  }
  done(await fenceSends(urls, { reason: 'an asynchronous standby was promoted', execute: true }))
  fleet.leadTo(standby.port)
  await pause(FENCED_MS)
  done(await markForgotten(urls, { marginMs: MARGIN_MS, execute: true }))
  done(await reconcileRestored(urls, true))
  done(await reopenSends(urls, { nothingLost: false, execute: true }))
}

function databaseOf({ adminUrl }: Standby): string {
  const url = new URL(adminUrl)
  url.pathname = '/baton'
  return url.href
}

async function flip(fleet: ChaosFleet, signal: AbortSignal): Promise<void> {
  for (let n = 0; !signal.aborted; n++) {
    await fleet.mode(n % 3 === 0 ? 'OFF' : 'ON')
    await pause(400, signal)
  }
}

async function forgottenBy(standby: Standby, carrier: readonly CarrierEntry[]): Promise<number> {
  const rows = await askOnce<{ message_uuid: string }>(
    databaseOf(standby),
    'select message_uuid from messaging.execution_authority where attempts >= 1',
  )
  const known = new Set(rows.map((row) => row.message_uuid))
  return carrier.filter((entry) => !known.has(entry.reference)).length
}
