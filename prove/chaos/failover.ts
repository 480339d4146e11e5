// The primary is killed under load and its standby takes over at the same address.
import { checkInvariants, type Verdict } from '../../test/support/checker.ts'
import { runLoad } from '../../test/support/load.ts'
import { freePorts } from '../../test/support/spawn-program.ts'
import type { CarrierEntry } from '../../test/support/system.ts'
import { startChaosCluster } from './chaos-cluster.ts'
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
  /** What the checker says; undefined for an asynchronous standby, of which it need not hold. */
  readonly verdict: Verdict | undefined
}

const CALLERS = 12
const BEHIND_MS = 1_500

/** Rejects when an invariant does not hold with a synchronous standby. */
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
  fleet.leadTo(standby.port)
  onProgress('the standby is the primary')
  await pause(options.afterMs)
  enough.abort()
  const acknowledged = await loading
  await flipping
  const carrier = await fleet.carrier()
  const result = {
    acknowledged: acknowledged.length,
    sentBefore,
    sentAfter: carrier.length - sentBefore,
    forgotten: await forgottenBy(fleet, carrier),
  }
  if (options.standby === 'asynchronous') return { ...result, verdict: undefined }
  await drain(fleet)
  const verdict = await checkInvariants({ ask: fleet.ask, carrier: await fleet.carrier(), acknowledged })
  if (fleet.brokenDown.length > 0)
    throw new Error(`a program ended by itself: ${fleet.brokenDown.join('\n')}`)
  return { ...result, verdict }
}

async function flip(fleet: ChaosFleet, signal: AbortSignal): Promise<void> {
  for (let n = 0; !signal.aborted; n++) {
    await fleet.mode(n % 3 === 0 ? 'OFF' : 'ON')
    await pause(400, signal)
  }
}

async function forgottenBy(fleet: ChaosFleet, carrier: readonly CarrierEntry[]): Promise<number> {
  const rows = await fleet.ask<{ message_uuid: string }>(
    'select message_uuid from messaging.execution_authority where attempts >= 1',
  )
  const known = new Set(rows.map((row) => row.message_uuid))
  return carrier.filter((entry) => !known.has(entry.reference)).length
}
