// One fleet under all nemeses at once for a while; then the faults stop, the backlog drains, and the carriers' own
// log is held against everything the system says.
import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { checkInvariants, type Acknowledged, type Verdict } from '../../test/support/checker.ts'
import { runLoad } from '../../test/support/load.ts'
import { freePorts } from '../../test/support/spawn-program.ts'
import { eventually, type CarrierEntry } from '../../test/support/system.ts'
import { startChaosCluster } from './chaos-cluster.ts'
import { programRoles, SEND_KEY, startChaosFleet, type ChaosFleet } from './chaos-fleet.ts'
import { takeTurns, type Nemesis, type Stage } from './nemesis.ts'
import { carelessSettings, crashes, exhaustion } from './nemeses/database.ts'
import { callNetwork, databasePartitions, lostCommits } from './nemeses/network.ts'
import { carriers, flips, handBacks } from './nemeses/operations.ts'
import { planted, type PlantedBug } from './nemeses/planted.ts'
import { processes, surroundings } from './nemeses/processes.ts'
import { fullDisk, mountSmallDisk } from './nemeses/storage.ts'
import { seeded } from './seeded.ts'
import type { Tally } from './tally.ts'
import { plantWitnesses, readWitnesses, type Witnesses } from './witnesses.ts'

export interface StageOptions {
  readonly seed: number
  readonly forMs: number
  readonly tally: Tally
  readonly onProgress: (line: string) => void
  /** A bug to be found. */
  readonly bug?: PlantedBug | undefined
}

export interface StageResult {
  readonly acknowledged: number
  readonly verdict: Verdict
  /** Messages that the carrier has sent more than once. */
  readonly duplicates: number
  /** Acknowledged and unknown to the ledger, or sent by its account and not by the carrier's. */
  readonly lost: number
  readonly witnesses: Witnesses
}

const CALLERS = 28
/** Longer than modes last, so that flips and crashes come between entry and send. */
const SCHEDULED = { every: 10, inMs: 5_000 }
const PROGRESS_EVERY_MS = 5_000
const DRAIN_MAX_MS = 120_000
/** What the carrier answers late has been written by then. */
const LATE_ANSWERS_MS = 7_000
// An idle writer leaves what nobody forced to disk in memory for longer, so that a crash shows it.
const SERVER = {
  max_connections: '80',
  wal_writer_delay: '10s',
  shared_buffers: '64MB',
  checkpoint_timeout: '30s',
}

/** Rejects with the first invariant that does not hold. */
export async function runStage(options: StageOptions): Promise<StageResult> {
  const [port = 0] = await freePorts(1)
  const fleet = await startChaosFleet(await startChaosCluster(port, SERVER))
  try {
    return await torment(fleet, options)
  } finally {
    await fleet.close()
  }
}

async function torment(fleet: ChaosFleet, options: StageOptions): Promise<StageResult> {
  const { tally, onProgress } = options
  await plantWitnesses(fleet)
  const disk = await mountSmallDisk(fleet)
  if (typeof disk === 'string') tally.skip('disk full', disk)
  try {
    const all: Nemesis[] = [
      processes,
      surroundings,
      crashes,
      carelessSettings,
      exhaustion,
      callNetwork,
      databasePartitions,
      lostCommits,
      carriers,
      flips,
      handBacks,
      ...(typeof disk === 'string' ? [] : [fullDisk(disk)]),
      ...(options.bug === undefined ? [] : [planted(options.bug)]),
    ]
    const acknowledged = await underLoad(fleet, all, options)
    onProgress('faults have stopped: draining')
    await heal(fleet)
    await drain(fleet)
    await delay(LATE_ANSWERS_MS)
    if (fleet.brokenDown.length > 0)
      throw new Error(`a program ended by itself: ${fleet.brokenDown.join('\n')}`)
    const carrier = await fleet.carrier()
    const verdict = await checkInvariants({ ask: fleet.ask, carrier, acknowledged })
    assert.deepEqual(
      await sentEarly(fleet, carrier),
      [],
      'scheduled messages that were sent before their time',
    )
    return {
      acknowledged: acknowledged.length,
      verdict,
      ...(await countBySide(fleet, carrier, acknowledged)),
      witnesses: await readWitnesses(fleet, tally),
    }
  } finally {
    if (typeof disk !== 'string') disk.unmount()
  }
}

async function sentEarly({ ask }: ChaosFleet, carrier: readonly CarrierEntry[]): Promise<CarrierEntry[]> {
  const scheduled = await ask<{ uuid: string; send_at: Date }>(
    'select unnest(message_uuids) as uuid, send_at from legacy.requests where send_at is not null',
  )
  const due = new Map(scheduled.map(({ uuid, send_at }) => [uuid, send_at.getTime()]))
  return carrier.filter(({ reference, at }) => Date.parse(at) < (due.get(reference) ?? 0))
}

async function countBySide(
  { ask }: ChaosFleet,
  carrier: readonly CarrierEntry[],
  acknowledged: readonly Acknowledged[],
): Promise<Pick<StageResult, 'duplicates' | 'lost'>> {
  const rows = await ask<{ message_uuid: string; state: string }>(
    'select message_uuid, state from messaging.execution_authority',
  )
  const known = new Set(rows.map((row) => row.message_uuid))
  const sent = new Set(carrier.map((entry) => entry.reference))
  const forgotten = acknowledged.filter(({ message_uuid }) => !known.has(message_uuid))
  const missing = rows.filter((row) => row.state === 'sent' && !sent.has(row.message_uuid))
  return { duplicates: carrier.length - sent.size, lost: forgotten.length + missing.length }
}

async function underLoad(
  fleet: ChaosFleet,
  nemeses: readonly Nemesis[],
  { seed, forMs, tally, onProgress }: StageOptions,
): Promise<Acknowledged[]> {
  let inFlight = 0
  let isOver = false
  const over = AbortSignal.timeout(forMs)
  const stage: Stage = {
    fleet,
    seeded: seeded(seed),
    tally,
    inTurn: takeTurns(),
    requestsInFlight: () => inFlight,
  }
  const started = performance.now()
  const telling = setInterval(() => {
    void fleet
      .carrier()
      .then(
        (entries) => entries.length,
        () => -1,
      )
      .then((carried) => {
        const seconds = Math.round((performance.now() - started) / 1_000)
        if (!isOver) onProgress(progressLine(seconds, carried, tally))
      })
  }, PROGRESS_EVERY_MS)
  try {
    const loading = runLoad({
      urls: fleet.gateways,
      key: SEND_KEY,
      callers: CALLERS,
      messages: Number.MAX_SAFE_INTEGER,
      signal: over,
      pauseMs: 100,
      patienceMs: 6_000,
      scheduled: SCHEDULED,
      onInFlight: (requests) => (inFlight = requests),
    })
    const striking = nemeses.map((nemesis) =>
      nemesis.run(stage, over).catch((error: unknown) => {
        throw new Error(`nemesis ${nemesis.name}: ${String(error)}`, { cause: error })
      }),
    )
    const [acknowledged] = await Promise.all([loading, ...striking])
    return acknowledged
  } finally {
    isOver = true
    clearInterval(telling)
  }
}

function progressLine(seconds: number, carried: number, tally: Tally): string {
  const shown = [
    'kill',
    'SIGTERM',
    'freeze',
    'database crash',
    'mode flip',
    'commit answer lost',
    'disk full',
  ]
  return [
    `${seconds} s`,
    `sent ${carried < 0 ? '?' : carried}`,
    ...shown.map((name) => `${name} ${tally.of(name)}`),
  ].join(', ')
}

/** Everything is up, as it was, before the backlog is judged. */
async function heal(fleet: ChaosFleet): Promise<void> {
  const bound = AbortSignal.timeout(DRAIN_MAX_MS)
  await fleet.cluster.start()
  for (const role of ['carrier', 'fault-proxy', ...programRoles] as const) {
    fleet.program(role)?.signal('SIGCONT')
    if (!fleet.program(role)) await fleet.start(role, bound)
  }
  await fleet.faults({})
  await fleet.carrierFaults({})
}

interface Backlog {
  readonly open: number
  readonly requests: number
  readonly unresolved: number
}

/** I11: nothing stays claimed or dispatched, no request unanswered, nothing unresolved. */
export async function drain(fleet: Pick<ChaosFleet, 'ask'>): Promise<void> {
  const backlog = () =>
    fleet.ask<Backlog>(
      `select (select count(*) from messaging.execution_authority where state in ('claimed', 'dispatched')) as open,
        (select count(*) from legacy.requests where answered_at is null) as requests,
        (select count(*) from legacy.unresolved_messages) as unresolved`,
    )
  await eventually(
    backlog,
    ([row]) => row?.open === 0 && row.requests === 0 && row.unresolved === 0,
    DRAIN_MAX_MS,
  )
}
