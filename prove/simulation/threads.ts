import { once } from 'node:events'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Run } from './run-schedule.ts'
import type { Batch, BatchResult, Task } from './thread.ts'

export interface Thread {
  run(batch: Batch): Promise<BatchResult>
  /** One seed, told; with the fewest faults when it breaks a promise. */
  replay(seed: number): Promise<Run>
  stop(): Promise<unknown>
}

/** Most of what a run makes dies with it: a large nursery keeps it from being moved about. */
const YOUNG_MB = 64

/** A thread over the sources in `root`. */
export function startThread(root: string): Thread {
  const worker = new Worker(join(import.meta.dirname, 'thread.ts'), {
    workerData: { root },
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  })
  async function perform<Result>(task: Task): Promise<Result> {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    worker.postMessage(task)
    const [result] = (await once(worker, 'message')) as [Result]
    return result
  }
  return {
    run: (batch) => perform({ kind: 'batch', ...batch }),
    replay: (seed) => perform({ kind: 'replay', seed }),
    stop: () => worker.terminate(),
  }
}
