// A worker thread that lives in simulated time and runs schedules.
import { parentPort, workerData } from 'node:worker_threads'
import { runSchedule, watchRejections, type Run } from './run-schedule.ts'
import { installSimulatedTime } from './simulated-time.ts'
import { shrink } from './shrink.ts'
import { loadSource } from './source-modules.ts'

export type Task =
  | ({ readonly kind: 'batch' } & Batch)
  /** One run with everything that happens, told; shrunken when a promise is broken. */
  | { readonly kind: 'replay'; readonly seed: number }

/** `stopsAtFirst`: the rest is not run once a promise is broken. */
export interface Batch {
  readonly firstSeed: number
  readonly count: number
  readonly stopsAtFirst: boolean
}

export interface BatchResult {
  readonly schedules: number
  readonly events: number
  /** Over all events of all runs: two of the same seeds must agree. */
  readonly hash: number
  readonly witnesses: Readonly<Record<string, number>>
  readonly faults: Readonly<Record<string, number>>
  readonly failed: readonly Pick<Run, 'seed' | 'violations'>[]
}

const FAILED_MAX = 20

const { root } = workerData as { root: string }
Error.stackTraceLimit = 0
installSimulatedTime()
watchRejections()
const modules = await loadSource(root)

async function runBatch({ firstSeed, count, stopsAtFirst }: Batch): Promise<BatchResult> {
  const witnesses: Record<string, number> = {}
  const faults: Record<string, number> = {}
  const failed: Pick<Run, 'seed' | 'violations'>[] = []
  let events = 0
  let schedules = 0
  let hash = 0
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    const run = await runSchedule({ modules, seed })
    schedules++
    events += run.events
    hash = (Math.imul(hash, 31) + run.hash) >>> 0
    for (const [name, n] of Object.entries(run.witnesses)) witnesses[name] = (witnesses[name] ?? 0) + n
    for (const fault of run.faults) {
      const kind = fault.slice(fault.lastIndexOf(' ') + 1)
      faults[kind] = (faults[kind] ?? 0) + 1
    }
    if (run.violations.length > 0 && failed.length < FAILED_MAX)
      failed.push({ seed, violations: run.violations })
    if (run.violations.length > 0 && stopsAtFirst) break
  }
  return { schedules, events, hash, witnesses, faults, failed }
}

async function replay(seed: number): Promise<Run> {
  const run = await runSchedule({ modules, seed, isTold: true })
  return run.violations.length > 0 ? shrink(modules, seed) : run
}

parentPort?.on('message', (task: Task) => {
  const done = task.kind === 'batch' ? runBatch(task) : replay(task.seed)
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  void done.then((result) => parentPort?.postMessage(result))
})
