import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { bugs } from './bugs.ts'
import { plantBug, type Bug } from './plant-bug.ts'
import type { Run } from './run-schedule.ts'
import type { BatchResult } from './thread.ts'
import { startThread, type Thread } from './threads.ts'
import { requiredWitnesses } from './witnesses.ts'

export interface SimulationOptions {
  readonly firstSeed?: number
  /** Schedules to run; with `hours` at least so many. */
  readonly schedules?: number
  /** Goes on for so long. */
  readonly hours?: number
  readonly threads?: number
  /** Schedules in which a planted bug must be found; 0: no bugs are planted. */
  readonly bugSchedulesMax?: number
  /** Told after every batch. */
  readonly onProgress?: (progress: { readonly schedules: number; readonly failed: number }) => void
}

export interface FoundBug {
  readonly name: string
  readonly found: boolean
  /** How many schedules it took, or were tried. */
  readonly schedules: number
  /** The first promise that was broken. */
  readonly by: string | null
}

export interface SimulationProof {
  readonly depth: 'simulation'
  readonly cases: number
  readonly events: number
  readonly faults: Readonly<Record<string, number>>
  readonly witnesses: Readonly<Record<string, number>>
  /** Schedules in which a message was sent twice, and in which one vanished. */
  readonly duplicates: number
  readonly lost: number
  /** Schedules in which any promise was broken. */
  readonly failed: readonly { readonly seed: number; readonly violations: readonly string[] }[]
  readonly bugs: readonly FoundBug[]
  /** What a run that counts must have seen, and this one has not. */
  readonly missing: readonly string[]
}

export const SCHEDULES = 100_000
export const BUG_SCHEDULES_MAX = 20_000
const BATCH = 250
/** A thread keeps some memory of every schedule: it was full after 27,000 of them. */
const THREAD_BATCHES_MAX = 40
const HOUR_MS = 3_600_000
const root = join(import.meta.dirname, '..', '..')

/** One seed, told, with the fewest faults that still break its promise. */
export async function replaySeed(seed: number): Promise<Run> {
  const thread = startThread(root)
  try {
    return await thread.replay(seed)
  } finally {
    await thread.stop()
  }
}

/** Runs the real code under faults, schedule by schedule, then with each planted bug. */
export async function proveSimulation(options: SimulationOptions = {}): Promise<SimulationProof> {
  const { bugSchedulesMax = BUG_SCHEDULES_MAX, threads = Math.min(2, availableParallelism()) } = options
  const total = await runAll(options, threads)
  const found = bugSchedulesMax === 0 ? [] : await findBugs(bugSchedulesMax, threads)
  const breaks = (invariant: RegExp) =>
    total.failed.filter(({ violations }) => violations.some((one) => invariant.test(one))).length
  return {
    depth: 'simulation',
    cases: total.schedules,
    events: total.events,
    faults: total.faults,
    witnesses: total.witnesses,
    duplicates: breaks(/^I1:/),
    lost: breaks(/^I3:|^I12:/),
    failed: total.failed,
    bugs: found,
    missing: requiredWitnesses.filter((name) => !total.witnesses[name]),
  }
}

async function runAll(options: SimulationOptions, threads: number): Promise<BatchResult> {
  const { firstSeed = 1, schedules = SCHEDULES, hours = 0, onProgress } = options
  const untilMs = performance.now() + hours * HOUR_MS
  const parts: BatchResult[] = []
  let next = firstSeed
  let done = 0
  const isEnough = () => next >= firstSeed + schedules && performance.now() >= untilMs
  async function work(thread: Thread): Promise<void> {
    for (let batches = 0; batches < THREAD_BATCHES_MAX && !isEnough(); batches++) {
      const isBounded = performance.now() >= untilMs
      const count = isBounded ? Math.min(BATCH, firstSeed + schedules - next) : BATCH
      const batch = { firstSeed: next, count, stopsAtFirst: false }
      next += count
      const part = await thread.run(batch)
      parts.push(part)
      done += part.schedules
      onProgress?.({ schedules: done, failed: parts.reduce((sum, one) => sum + one.failed.length, 0) })
    }
  }
  while (!isEnough()) await withThreads(root, threads, work)
  return sumOf(parts)
}

async function findBugs(schedulesMax: number, threads: number): Promise<FoundBug[]> {
  const found = new Map<Bug, FoundBug>()
  const left = [...bugs]
  const work = async (): Promise<void> => {
    for (let bug = left.shift(); bug; bug = left.shift()) {
      found.set(bug, await findBug(bug, Math.max(schedulesMax, bug.schedulesMax ?? 0)))
    }
  }
  await Promise.all(Array.from({ length: threads }, work))
  return bugs.flatMap((bug) => found.get(bug) ?? [])
}

/** Runs schedules over a copy of the sources with the bug until a promise is broken. */
export async function findBug(bug: Bug, schedulesMax: number): Promise<FoundBug> {
  const planted = plantBug(root, bug)
  const thread = startThread(planted.root)
  try {
    let schedules = 0
    while (schedules < schedulesMax) {
      const count = Math.min(BATCH, schedulesMax - schedules)
      const part = await thread.run({ firstSeed: 1 + schedules, count, stopsAtFirst: true })
      schedules += part.schedules
      const [first] = part.failed
      if (first) return { name: bug.name, found: true, schedules, by: first.violations[0] ?? null }
    }
    return { name: bug.name, found: false, schedules, by: null }
  } finally {
    await thread.stop()
    planted.remove()
  }
}

async function withThreads(
  from: string,
  count: number,
  work: (thread: Thread) => Promise<void>,
): Promise<void> {
  const threads = Array.from({ length: count }, () => startThread(from))
  try {
    await Promise.all(threads.map(work))
  } finally {
    await Promise.all(threads.map((thread) => thread.stop()))
  }
}

function sumOf(parts: readonly BatchResult[]): BatchResult {
  const add = (records: readonly Readonly<Record<string, number>>[]) => {
    const sum: Record<string, number> = {}
    for (const record of records) {
      for (const [name, n] of Object.entries(record)) sum[name] = (sum[name] ?? 0) + n
    }
    return sum
  }
  return {
    schedules: parts.reduce((sum, part) => sum + part.schedules, 0),
    events: parts.reduce((sum, part) => sum + part.events, 0),
    hash: parts.reduce((sum, part) => (sum + part.hash) >>> 0, 0),
    witnesses: add(parts.map((part) => part.witnesses)),
    faults: add(parts.map((part) => part.faults)),
    failed: parts.flatMap((part) => part.failed),
  }
}
