// The third depth of the proof: the real processes under every fault that can be made on one machine.
import { createTally } from './tally.ts'
import type { PlantedBug } from './nemeses/planted.ts'
import { forgetPreviousVersion } from './previous-version.ts'
import { runStage, type StageResult } from './stage.ts'
import { missingWitnesses, type Witnesses } from './witnesses.ts'

export interface ChaosOptions {
  readonly seed: number
  readonly minutes: number
  /** Planted into the run's own database: then the run has to fail. */
  readonly bug?: PlantedBug | undefined
  readonly onProgress?: (line: string) => void
}

export interface ChaosProof {
  readonly depth: 'chaos'
  /** Messages that were entered. */
  readonly cases: number
  readonly faults: Record<string, number>
  /** Faults that this machine does not allow, with the reason. */
  readonly skipped: Record<string, string>
  readonly duplicates: number
  readonly lost: number
  readonly inDoubt: number
  readonly witnesses: Witnesses
}

/** A fleet lives so long; then the next one begins with a seed of its own. */
const STAGE_MINUTES_MAX = 10

/**
 * Runs the fleet under faults. Rejects when an invariant does not hold, with what was found, and when the run saw too
 * little to show anything. The same seed gives the same order of faults, not the same instants.
 */
export async function proveChaos({
  seed,
  minutes,
  bug,
  onProgress = () => {},
}: ChaosOptions): Promise<ChaosProof> {
  const tally = createTally()
  const stages = Math.ceil(minutes / STAGE_MINUTES_MAX)
  const results: StageResult[] = []
  try {
    for (let n = 0; n < stages; n++) {
      const forMs = (minutes / stages) * 60_000
      onProgress(`stage ${n + 1} of ${stages}: ${Math.round(forMs / 1_000)} s with seed ${seed + n}`)
      const result = await runStage({ seed: seed + n, forMs, tally, onProgress, bug })
      onProgress(`stage ${n + 1}: ${JSON.stringify(result)}`)
      results.push(result)
    }
  } finally {
    forgetPreviousVersion()
  }
  const witnesses = sumOf(results.map((result) => result.witnesses))
  const missing = missingWitnesses(witnesses)
  if (missing.length > 0)
    throw new Error(`chaos: the run shows nothing: not seen: ${missing.join(', ')}: run it for longer`)
  return {
    depth: 'chaos',
    cases: results.reduce((sum, { verdict }) => sum + verdict.entered, 0),
    faults: { ...tally.faults },
    skipped: { ...tally.skipped },
    // Both are 0 by what the checker has asserted before; counted again, from the two sides alone.
    duplicates: results.reduce((sum, { duplicates }) => sum + duplicates, 0),
    lost: results.reduce((sum, { lost }) => sum + lost, 0),
    inDoubt: results.reduce((sum, { verdict }) => sum + verdict.inDoubt, 0),
    witnesses,
  }
}

/** Counts of the stages add up; those that the tally carries are its last ones. */
function sumOf(all: readonly Witnesses[]): Witnesses {
  const last = all.at(-1)
  if (!last) throw new Error('chaos: no stage was run: minutes must be more than 0')
  const sum = (name: keyof Witnesses) => all.reduce((total, one) => total + one[name], 0)
  return {
    ...last,
    lostRaces: sum('lostRaces'),
    inDoubt: sum('inDoubt'),
    fallbacks: sum('fallbacks'),
    handBacks: sum('handBacks'),
    scheduled: sum('scheduled'),
  }
}
