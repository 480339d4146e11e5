// Simulated time: one event at a time, each with everything that follows from it before the next one.

/** Whose code an event runs. What belongs to a dead one never happens. */
export interface Owner {
  readonly name: string
  isAlive: boolean
  /** A process that is stopped does nothing before this time; then all that came meanwhile. */
  stalledUntilMs: number
  /** How far its wall clock is off. */
  readonly skewMs: number
}

export interface Scheduled {
  cancel(): void
}

export interface Scheduler {
  readonly nowMs: number
  /** Whose code is running. */
  readonly current: Owner
  schedule(owner: Owner, delayMs: number, run: () => void): Scheduled
  /** Runs events until there is none, `isDone` says so, or the time has come. */
  run(untilMs: number, isDone: () => boolean): Promise<void>
  readonly events: number
  /** Over all events so far: two runs of one seed must agree. */
  readonly hash: number
}

interface Entry {
  atMs: number
  readonly tie: number
  readonly owner: Owner
  run: (() => void) | undefined
}

const EVENTS_MAX = 400_000
/** Events for one turn of the real event loop; after each of them all promises settle. */
const BATCH = 32

const realSetImmediate = setImmediate

export const nobody: Owner = { name: 'world', isAlive: true, stalledUntilMs: 0, skewMs: 0 }

/** `tieOf` orders what is due at the same time. */
export function createScheduler(tieOf: (owner: Owner) => number): Scheduler {
  // The next event stands last.
  const queue: Entry[] = []
  let nowMs = 0
  let current = nobody
  let events = 0
  let hash = 0x811c9dc5

  function insert(entry: Entry): void {
    let low = 0
    let high = queue.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = queue[middle] as Entry
      if (other.atMs > entry.atMs || (other.atMs === entry.atMs && other.tie > entry.tie)) low = middle + 1
      else high = middle
    }
    queue.splice(low, 0, entry)
  }

  /** Whether an event was run. */
  function step(): boolean {
    for (let entry = queue.pop(); entry; entry = queue.pop()) {
      const { owner, run } = entry
      if (!run || !owner.isAlive) continue
      nowMs = Math.max(nowMs, entry.atMs)
      if (owner.stalledUntilMs > nowMs) {
        entry.atMs = owner.stalledUntilMs
        insert(entry)
        continue
      }
      entry.run = undefined
      current = owner
      events++
      hash = mix(mix(hash, Math.round(nowMs * 1_000)), codeOf(owner.name))
      run()
      return true
    }
    return false
  }

  return {
    get nowMs() {
      return nowMs
    },
    get current() {
      return current
    },
    get events() {
      return events
    },
    get hash() {
      return hash >>> 0
    },
    schedule(owner, delayMs, run) {
      const entry: Entry = { atMs: nowMs + Math.max(0, delayMs), tie: tieOf(owner), owner, run }
      insert(entry)
      return {
        cancel() {
          entry.run = undefined
        },
      }
    },
    run(untilMs, isDone) {
      return new Promise((resolve, reject) => {
        let isOver = false
        const turn = (): void => {
          for (let n = 0; n < BATCH; n++) realSetImmediate(one)
          realSetImmediate(() => {
            if (!isOver) turn()
          })
        }
        const one = (): void => {
          if (isOver) return
          try {
            if (nowMs < untilMs && !isDone() && step()) {
              if (events > EVENTS_MAX)
                throw new Error(`scheduler: more than ${EVENTS_MAX} events: it never ends`)
              return
            }
            isOver = true
            resolve()
          } catch (error) {
            isOver = true
            reject(error instanceof Error ? error : new Error(String(error)))
          }
        }
        turn()
      })
    },
  }
}

function mix(hash: number, value: number): number {
  return Math.imul(hash ^ value, 0x01000193)
}

const codes = new Map<string, number>()
function codeOf(name: string): number {
  let code = codes.get(name)
  if (code === undefined) {
    code = 0x811c9dc5
    for (let index = 0; index < name.length; index++) code = mix(code, name.charCodeAt(index))
    codes.set(name, code)
  }
  return code
}
