const PAUSE_FIRST_MS = 200
const PAUSE_MOST_MS = 5_000
/** So long a program has to be healthy until its next restart is again a first one. */
const HEALTHY_RESET_MS = 10_000
const FAILED_STARTS_MAX = 5
const CANNOT_START = 2 // the exit code for settings and ports that the next start would find the same

/** What is remembered of a program from run to run. */
export interface Tally {
  readonly starts: number
  readonly restarts: number
  /** In a row. */
  readonly failedStarts: number
}

export const noRuns: Tally = { starts: 0, restarts: 0, failedStarts: 0 }

export interface EndedRun {
  /** How long it was healthy; undefined: never. */
  readonly healthyMs: number | undefined
  readonly code: number | null
  /** Somebody asked for a new start. */
  readonly wanted: boolean
}

export type Decision =
  | { readonly kind: 'start' }
  | { readonly kind: 'pause'; readonly pauseMs: number }
  | { readonly kind: 'give_up' }

/** What follows the end of a run: pauses of 0.2 s, doubling, at most 5 s. */
export function afterRun(tally: Tally, run: EndedRun): { tally: Tally; decision: Decision } {
  const starts = tally.starts + 1
  const failedStarts = run.healthyMs === undefined ? tally.failedStarts + 1 : 0
  const restarts = (run.healthyMs ?? 0) >= HEALTHY_RESET_MS ? 0 : tally.restarts
  const isHopeless = starts === 1 && failedStarts > 0 && run.code === CANNOT_START
  if (isHopeless || failedStarts >= FAILED_STARTS_MAX)
    return { tally: { starts, restarts, failedStarts }, decision: { kind: 'give_up' } }
  if (run.wanted) return { tally: { starts, restarts, failedStarts }, decision: { kind: 'start' } }
  const pauseMs = Math.min(PAUSE_MOST_MS, PAUSE_FIRST_MS * 2 ** Math.min(restarts, 10))
  return {
    tally: { starts, restarts: restarts + 1, failedStarts },
    decision: { kind: 'pause', pauseMs },
  }
}
