// Keeps one program running.
//
//   starting ──healthy──> up ──ends──> pausing ──> starting      each pause is longer, until it was up for a while
//      │                   '─restart()─> ends, starts at once
//      └─ends or not healthy in time──> pausing, or given up: the first start for a reason that will stay,
//                                        any start after five failures in a row
//   stop(): from everywhere, in order, within a bound
import { setTimeout as sleep } from 'node:timers/promises'
import { HEALTHY_RESET_MS, pauseMs } from './backoff.ts'
import { runChild, type ChildRun, type Ending } from './child-process.ts'
import { waitHealthy } from './wait-healthy.ts'

export interface SuperviseOptions {
  readonly file: string
  /** Origin of its `/healthz`. */
  readonly url: string
  /** Asked at every start. */
  readonly environment: () => Readonly<Record<string, string>>
  readonly onLine: (line: string) => void
  readonly onEvent: (event: ChildEvent) => void
  readonly healthyWithinMs?: number
  readonly stopWithinMs?: number
}

export type ChildEvent =
  | { readonly kind: 'healthy'; readonly pid: number | undefined; readonly start: number }
  | { readonly kind: 'restarts'; readonly how: string; readonly pauseMs: number }
  | { readonly kind: 'killed_late'; readonly afterMs: number }
  | GivenUp

export interface GivenUp {
  readonly kind: 'given_up'
  readonly how: string
  readonly starts: number
  readonly lastLines: readonly string[]
}

export interface Supervised {
  /** The first time it is healthy, or why it never is. */
  readonly first: Promise<'healthy' | 'stopped' | GivenUp>
  readonly pid: () => number | undefined
  readonly isHealthy: () => boolean
  /** Ends the running process in order; the next one starts at once. */
  restart(): void
  /** Idempotent. Resolves when no process of it is left. */
  stop(): Promise<void>
  killNow(): void
}

const FAILED_STARTS_MAX = 5
const CANNOT_START = 2 // the exit code for settings and ports that the next start would find the same

export function supervise(options: SuperviseOptions): Supervised {
  const { healthyWithinMs = 30_000, stopWithinMs = 20_000, onEvent } = options
  const stopping = new AbortController()
  const first = Promise.withResolvers<'healthy' | 'stopped' | GivenUp>()
  let run: ChildRun | undefined
  let healthySinceMs: number | undefined
  let starts = 0
  let restarts = 0
  let failedStarts = 0
  let wanted = false // a restart that was asked for

  async function start(): Promise<void> {
    starts++
    const over = new AbortController()
    const child = runChild({ ...options, environment: options.environment() })
    run = child
    if (stopping.signal.aborted) child.kill('SIGTERM')
    void child.ended.then(() => over.abort())
    const health = await waitHealthy(options.url, over.signal, healthyWithinMs)
    if (health === 'late') child.kill('SIGKILL')
    if (health === 'healthy' && !child.hasEnded()) {
      failedStarts = 0
      healthySinceMs = performance.now()
      onEvent({ kind: 'healthy', pid: child.pid, start: starts })
      first.resolve('healthy')
    } else failedStarts++
    const ending = await child.ended
    if (healthySinceMs !== undefined && performance.now() - healthySinceMs >= HEALTHY_RESET_MS) restarts = 0
    healthySinceMs = undefined
    await afterwards(
      health === 'late' ? { ...ending, how: `was not healthy in ${healthyWithinMs / 1000} s` } : ending,
    )
  }

  async function afterwards({ code, how }: Ending): Promise<void> {
    if (stopping.signal.aborted) return
    const isHopeless = starts === 1 && failedStarts > 0 && code === CANNOT_START
    if (isHopeless || failedStarts >= FAILED_STARTS_MAX) {
      const end: GivenUp = { kind: 'given_up', how, starts: failedStarts, lastLines: run?.lastLines() ?? [] }
      stopping.abort()
      first.resolve(end)
      onEvent(end)
      return
    }
    if (wanted) {
      wanted = false
      return
    }
    const pause = pauseMs(restarts++)
    onEvent({ kind: 'restarts', how, pauseMs: pause })
    await sleep(pause, undefined, { signal: stopping.signal }).catch(() => {})
  }

  async function keepRunning(): Promise<void> {
    while (!stopping.signal.aborted) await start()
    first.resolve('stopped')
  }

  const finished = keepRunning()

  /** SIGTERM now, SIGKILL at the bound. */
  function end(child: ChildRun | undefined): void {
    if (!child || child.hasEnded()) return
    child.kill('SIGTERM')
    const timer = setTimeout(() => {
      onEvent({ kind: 'killed_late', afterMs: stopWithinMs })
      child.kill('SIGKILL')
    }, stopWithinMs)
    void child.ended.then(() => clearTimeout(timer))
  }

  return {
    first: first.promise,
    pid: () => (run?.hasEnded() === false ? run.pid : undefined),
    isHealthy: () => healthySinceMs !== undefined,
    restart() {
      if (stopping.signal.aborted || !run || run.hasEnded()) return
      wanted = true
      end(run)
    },
    stop() {
      stopping.abort()
      end(run)
      return finished
    },
    killNow() {
      stopping.abort()
      run?.kill('SIGKILL')
    },
  }
}
