// The ledger's code against its specification, and mistakes planted in the code that must show.
import { join } from 'node:path'
import { committedTraces } from './committed-traces.ts'
import { findMutants } from './find-mutants.ts'
import type { FoundBug, Part } from './proof.ts'
import { generateTraces, prepareQuint, readTraces, testSpecification } from './quint.ts'
import { replayDatabases } from './replay/databases.ts'
import { loadLedger } from './replay/ledger.ts'
import { replayTraces } from './replay/replay-traces.ts'
import type { Trace } from './replay/trace.ts'

export interface CodeOptions {
  /** A server with the test template, by its superuser: the traces are replayed there. */
  readonly adminUrl: string
  /** Freshly generated, beyond those in the repository; 0: none, and Quint is not needed. */
  readonly traces: number
  readonly seed: number
  readonly report: (line: string) => void
  readonly signal?: AbortSignal
}

/** Never rejects for what it finds. Without Quint it replays the traces of the repository alone and says why. */
export async function proveCode(options: CodeOptions): Promise<Part & { traces: number; steps: number }> {
  const { adminUrl, report, signal } = options
  const { traces, skipped } = tracesFor(options)
  const databases = await replayDatabases(adminUrl)
  try {
    const ledger = await loadLedger(join(import.meta.dirname, '..'))
    const done = await replayTraces(traces, ledger, databases.all, signal ? { signal } : {})
    report(`replay: ${done.traces} traces, ${done.steps} steps, ${done.disagreements.length} disagreements`)
    for (const one of done.disagreements) report(`replay: DISAGREES: ${JSON.stringify(one)}`)
    const found = await findMutants(traces, databases, signal)
    const bugs = found.map(({ mutant: { name }, by }): FoundBug => {
      const how = by ? `replay: ${by.trace}, step ${by.step}, ${by.action}` : ''
      report(`replay bug, ${name}: ${how || 'NOT FOUND'}`)
      return { name, found: by !== null, by: how }
    })
    return { traces: done.traces, steps: done.steps, errors: done.disagreements.length, bugs, skipped }
  } finally {
    await databases.drop()
  }
}

function tracesFor({ traces, seed, report }: CodeOptions): { traces: Trace[]; skipped: string[] } {
  const committed = committedTraces()
  if (traces === 0) return { traces: committed, skipped: [] }
  const quint = prepareQuint()
  if (quint.kind === 'absent') return { traces: committed, skipped: [`quint: ${quint.reason}`] }
  report(`quint: ${testSpecification()} tests of the specification passed`)
  const generated = readTraces(generateTraces(traces, seed))
  report(`quint: ${generated.length} traces from seed ${seed}: again by --traces ${traces} --seed ${seed}`)
  return { traces: [...generated, ...committed], skipped: [] }
}
