// The protocol as a model: every state of it, and each design mistake that must show.
import { plantedBugs, type PlantedBug } from './planted-bugs.ts'
import type { FoundBug, Part } from './proof.ts'
import { check, spinMissing, type Configuration } from './spin.ts'

export interface DesignOptions {
  /** `quick`: for the test run of every day; `short`: small configurations, for CI. */
  readonly size: 'quick' | 'short' | 'full'
  /** By default all. */
  readonly planted?: readonly PlantedBug[]
  readonly report: (line: string) => void
  readonly signal?: AbortSignal
}

/** Fewer states than these, and the model has lost something. */
export const STATES_MIN = { quick: 10_000, short: 600_000, full: 9_500_000 } as const

const base = { flips: 2, bug: 0, isOptimised: false } as const
const configurations: Readonly<Record<DesignOptions['size'], readonly Configuration[]>> = {
  quick: [
    { ...base, name: 'protocol', legacyWorkers: 1, serviceWorkers: 1, flips: 1, needs: 'safety' },
    { ...base, name: 'drains', legacyWorkers: 1, serviceWorkers: 1, flips: 1, needs: 'liveness' },
  ],
  short: [
    { ...base, name: 'protocol', legacyWorkers: 2, serviceWorkers: 1, needs: 'safety' },
    { ...base, name: 'restore', legacyWorkers: 1, serviceWorkers: 1, needs: 'restore' },
    { ...base, name: 'drains', legacyWorkers: 1, serviceWorkers: 1, flips: 1, needs: 'liveness' },
  ],
  full: [
    { ...base, name: 'protocol', legacyWorkers: 2, serviceWorkers: 3, needs: 'safety', isOptimised: true },
    {
      ...base,
      name: 'restore',
      legacyWorkers: 2,
      serviceWorkers: 1,
      flips: 1,
      needs: 'restore',
      isOptimised: true,
    },
    {
      ...base,
      name: 'drains',
      legacyWorkers: 2,
      serviceWorkers: 1,
      flips: 1,
      needs: 'liveness',
      isOptimised: true,
    },
  ],
}

/** The smallest in which the mistake can show. */
const withBug = ({ number, name, needs }: PlantedBug): Configuration => ({
  ...base,
  name,
  legacyWorkers: needs === 'safety' ? 2 : 1,
  serviceWorkers: needs === 'safety' ? 2 : 1,
  needs,
  bug: number,
})

/** Never rejects for what it finds. Without Spin or a C compiler it explores nothing and says why. */
export async function proveDesign({
  size,
  planted = plantedBugs,
  report,
  signal,
}: DesignOptions): Promise<Part & { states: number }> {
  const missing = spinMissing()
  if (missing) return { states: 0, errors: 0, bugs: [], skipped: [`spin: ${missing}`] }
  let states = 0
  let errors = 0
  for (const configuration of configurations[size]) {
    const checked = await check(configuration, signal)
    states += checked.states
    if (checked.broken !== null) errors++
    const { name, legacyWorkers, serviceWorkers, flips } = configuration
    const figures = `${checked.states} states, ${checked.transitions} transitions, ${checked.seconds} s, ${Math.round(checked.memoryMb)} MB`
    const workers = `${legacyWorkers} legacy, ${serviceWorkers} service, ${flips + 1} epochs of the mode`
    report(`spin ${name} (${workers}): ${figures}: ${checked.broken ?? '0 errors'}`)
  }
  const bugs: FoundBug[] = []
  for (const bug of planted) {
    const { broken } = await check(withBug(bug), signal)
    bugs.push({ name: bug.name, found: broken !== null, by: broken ? `spin: ${broken}` : '' })
    report(`spin bug ${bug.number}, ${bug.name}: ${broken ?? 'NOT FOUND'}`)
  }
  return { states, errors, bugs, skipped: [] }
}
