import type { Ledger } from './ledger.ts'
import { replayTrace, type Disagreement } from './replay-trace.ts'
import type { Trace } from './trace.ts'
import type { LedgerDatabases } from './world.ts'

export interface Replayed {
  readonly traces: number
  readonly steps: number
  /** How often each action was done: a run in which one is missing has shown nothing about it. */
  readonly actions: ReadonlyMap<string, number>
  readonly disagreements: readonly Disagreement[]
}

export interface ReplayOptions {
  /** No trace is begun after so many have gone wrong. */
  readonly disagreementsMax?: number
  readonly signal?: AbortSignal
}

/** Replays traces, one at a time in each database. */
export async function replayTraces(
  traces: readonly Trace[],
  ledger: Ledger,
  databases: readonly LedgerDatabases[],
  { disagreementsMax = 10, signal }: ReplayOptions = {},
): Promise<Replayed> {
  const actions = new Map<string, number>()
  const disagreements: Disagreement[] = []
  const waiting = traces.values()
  let replayed = 0

  async function work(database: LedgerDatabases): Promise<void> {
    for (const trace of waiting) {
      signal?.throwIfAborted()
      const disagreement = await replayTrace(trace, ledger, database)
      replayed++
      for (const { action } of trace.steps.slice(0, disagreement?.step)) {
        actions.set(action, (actions.get(action) ?? 0) + 1)
      }
      if (disagreement) disagreements.push(disagreement)
      if (disagreements.length >= disagreementsMax) return
    }
  }

  await Promise.all(databases.map(work))
  const steps = [...actions.values()].reduce((sum, count) => sum + count, 0)
  return { traces: replayed, steps, actions, disagreements }
}
