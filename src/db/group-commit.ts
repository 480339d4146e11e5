/**
 * Natural micro-batches: callers arriving while transactions are in flight share the next one. No timer: an
 * idle batcher runs a lone item at once, a busy one fills up to `batchMax`.
 *
 *   add(item) --> waiting --(fewer than inFlightMax in flight)--> run(batch) --> each item's own result
 *
 * When `run` fails and `isolate` says that an item may be to blame, the batch is split in halves, so that one
 * bad item never spoils another.
 */
export interface GroupCommit<Item, Result> {
  /** Resolves with the item's own result. Rejects with {@link QueueFull}, or with what `run` threw. */
  add(item: Item): Promise<Result>
  readonly waiting: number
}

export interface GroupCommitOptions<Item, Result> {
  /** Returns one result an item, in the order of the items. */
  readonly run: (items: readonly Item[]) => Promise<readonly Result[]>
  readonly batchMax?: number
  readonly inFlightMax?: number
  /** Most items that may wait. */
  readonly waitingMax?: number
  /** Weight of an item against `batchMax`, 1 by default. */
  readonly weigh?: (item: Item) => number
  /** Whether this failure can be one item's fault. */
  readonly isolate?: (error: unknown) => boolean
}

export class QueueFull extends Error {
  readonly code = 'BATON_QUEUE_FULL'

  constructor(waiting: number) {
    super(`group commit: queue is full: ${waiting} items wait; slow down and try again`)
    this.name = 'QueueFull'
  }
}

interface Entry<Item, Result> {
  readonly item: Item
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
}

export function groupCommit<Item, Result>({
  run,
  batchMax = 500,
  inFlightMax = 2,
  waitingMax = 50_000,
  weigh = () => 1,
  isolate = () => false,
}: GroupCommitOptions<Item, Result>): GroupCommit<Item, Result> {
  let queue: Entry<Item, Result>[] = []
  let inFlight = 0
  let scheduled = false

  // Callers of the same turn of the event loop join before the batch is cut.
  function schedule(): void {
    if (scheduled) return
    scheduled = true
    setImmediate(flush)
  }

  function flush(): void {
    scheduled = false
    while (inFlight < inFlightMax && queue.length > 0) {
      const batch = takeBatch()
      inFlight++
      void settle(batch).finally(() => {
        inFlight--
        if (queue.length > 0) flush()
      })
    }
  }

  function takeBatch(): Entry<Item, Result>[] {
    let count = 0
    let weight = 0
    for (const entry of queue) {
      weight += weigh(entry.item)
      if (count > 0 && weight > batchMax) break
      count++
    }
    const batch = queue.slice(0, count)
    queue = queue.slice(count)
    return batch
  }

  async function settle(batch: readonly Entry<Item, Result>[]): Promise<void> {
    try {
      const results = await run(batch.map(({ item }) => item))
      if (results.length !== batch.length) {
        throw new Error(`group commit: ${batch.length} items gave ${results.length} results`)
      }
      batch.forEach((entry, index) => entry.resolve(results[index] as Result))
    } catch (error) {
      if (batch.length === 1 || !isolate(error)) return batch.forEach((entry) => entry.reject(error))
      const middle = batch.length >> 1
      await settle(batch.slice(0, middle))
      await settle(batch.slice(middle))
    }
  }

  return {
    add(item) {
      if (queue.length >= waitingMax) return Promise.reject(new QueueFull(queue.length))
      return new Promise<Result>((resolve, reject) => {
        queue.push({ item, resolve, reject })
        schedule()
      })
    },
    get waiting() {
      return queue.length
    },
  }
}
