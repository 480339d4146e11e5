// Keeps one program running.
//
//   starting ──healthy──> up ──ends──> pausing ──> starting      each pause is longer, until it was up for a while
//      │                   '─restart()─> ends, starts at once
//      └─ends or not healthy in time──> pausing, or given up: the first start for a reason that will stay,
//                                        any start after five failures in a row
//   stop(): from everywhere, in order, within a bound
import { setTimeout as sleep } from 'node:timers/promises'
import { runChild, type ChildRun, type Ending } from './child-process.ts'
import { afterRun, noRuns, type Decision } from './restart-policy.ts'
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
  /** Ends the running process in order; the next one starts at once. */
  restart(): void
  /** Idempotent. Resolves when no process of it is left. */
  stop(): Promise<void>
  killNow(): void
}

export function supervise(options: SuperviseOptions): Supervised {
  const { stopWithinMs = 20_000, onEvent } = options
  const stopping = new AbortController()
  const first = Promise.withResolvers<'healthy' | 'stopped' | GivenUp>()
  let run: ChildRun | undefined
  let tally = noRuns
  let wanted = false // a restart that was asked for

  async function keepRunning(): Promise<void> {
    while (!stopping.signal.aborted) {
      run = runChild({ ...options, environment: options.environment() })
      const { code, how, healthyMs } = await watchRun(run, options, (pid) => {
        onEvent({ kind: 'healthy', pid, start: tally.starts + 1 })
        first.resolve('healthy')
      })
      if (stopping.signal.aborted) break
      const next = afterRun(tally, { healthyMs, code, wanted })
      tally = next.tally
      wanted = false
      await follow(next.decision, how)
    }
    first.resolve('stopped')
  }

  async function follow(decision: Decision, how: string): Promise<void> {
    if (decision.kind === 'give_up') {
      stopping.abort()
      const end: GivenUp = {
        kind: 'given_up',
        how,
        starts: tally.failedStarts,
        lastLines: run?.lastLines() ?? [],
      }
      first.resolve(end)
      onEvent(end)
    } else if (decision.kind === 'pause') {
      onEvent({ kind: 'restarts', how, pauseMs: decision.pauseMs })
      await sleep(decision.pauseMs, undefined, { signal: stopping.signal }).catch(() => {})
    }
  }

  const finished = keepRunning()

  const end = (): void =>
    run?.endWithin(stopWithinMs, () => onEvent({ kind: 'killed_late', afterMs: stopWithinMs }))

  return {
    first: first.promise,
    pid: () => (run?.hasEnded() === false ? run.pid : undefined),
    restart() {
      if (stopping.signal.aborted || !run || run.hasEnded()) return
      wanted = true
      end()
    },
    stop() {
      stopping.abort()
      end()
      return finished
    },
    killNow() {
      stopping.abort()
      run?.kill('SIGKILL')
    },
  }
}

/** Sees one run through. Ends it when it is not healthy in time. */
async function watchRun(
  child: ChildRun,
  { url, healthyWithinMs = 30_000 }: SuperviseOptions,
  onHealthy: (pid: number | undefined) => void,
): Promise<Ending & { healthyMs: number | undefined }> {
  const over = new AbortController()
  void child.ended.then(() => over.abort())
  const health = await waitHealthy(url, over.signal, healthyWithinMs)
  if (health === 'late') {
    child.kill('SIGKILL')
    const { code } = await child.ended
    return { code, how: `was not healthy in ${healthyWithinMs / 1000} s`, healthyMs: undefined }
  }
  if (health === 'given_up' || child.hasEnded()) return { ...(await child.ended), healthyMs: undefined }
  const sinceMs = performance.now()
  onHealthy(child.pid)
  return { ...(await child.ended), healthyMs: performance.now() - sinceMs }
}
