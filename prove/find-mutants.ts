import { mutants, plant, type Mutant } from './mutants.ts'
import { loadLedger } from './replay/ledger.ts'
import type { ReplayDatabases } from './replay/databases.ts'
import type { Disagreement } from './replay/replay-trace.ts'
import { replayTraces } from './replay/replay-traces.ts'
import type { Trace } from './replay/trace.ts'

export interface FoundMutant {
  readonly mutant: Mutant
  /** Null: no trace noticed it. */
  readonly by: Disagreement | null
}

/** Replays the traces against a copy of the ledger with each planted mistake, until one goes wrong. */
export async function findMutants(
  traces: readonly Trace[],
  databases: ReplayDatabases,
  signal?: AbortSignal,
): Promise<FoundMutant[]> {
  const found: FoundMutant[] = []
  for (const mutant of mutants) found.push({ mutant, by: await find(mutant, traces, databases, signal) })
  return found
}

async function find(
  mutant: Mutant,
  traces: readonly Trace[],
  databases: ReplayDatabases,
  signal?: AbortSignal,
): Promise<Disagreement | null> {
  const planted = plant(mutant)
  const connected = databases.connectAnew()
  try {
    const ledger = await loadLedger(planted.root)
    const options = { disagreementsMax: 1, ...(signal ? { signal } : {}) }
    const { disagreements } = await replayTraces(traces, ledger, connected.all, options)
    return disagreements[0] ?? null
  } finally {
    await connected.close()
    planted.remove()
  }
}
