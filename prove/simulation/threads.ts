import { once } from 'node:events'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Batch, BatchResult } from './thread.ts'

export interface Thread {
  run(batch: Batch): Promise<BatchResult>
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
  return {
    async run(batch) {
      worker.postMessage(batch)
      const [result] = (await once(worker, 'message')) as [BatchResult]
      return result
    },
    stop: () => worker.terminate(),
  }
}
