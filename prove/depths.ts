import { AssertionError } from 'node:assert/strict'
import { plantedBugs as chaosBugs, type PlantedBug } from './chaos/nemeses/planted.ts'
import { proveChaos } from './chaos/prove-chaos.ts'
import { STATES_MIN } from './design.ts'
import { proveModel } from './model.ts'
import { runMutants } from './mutation/run-mutants.ts'
import { targets } from './mutation/targets.ts'
import type { FoundBug } from './proof.ts'
import { proveSimulation } from './simulation/prove-simulation.ts'

/** How much is done. */
export interface Size {
  readonly model: 'full' | 'short'
  readonly traces: number
  readonly schedules: number
  /** Schedules in which a planted bug must show itself; 0: none is planted. */
  readonly bugSchedulesMax: number
  readonly chaosMinutes: number
  /** For each planted bug; 0: none is planted. */
  readonly plantedMinutes: number
  /** Of each target; null: all. */
  readonly mutants: number | null
}

export const sizes: Readonly<Record<'full' | 'short', Size>> = {
  full: {
    model: 'full',
    traces: 1_000,
    schedules: 100_000,
    bugSchedulesMax: 20_000,
    chaosMinutes: 10,
    plantedMinutes: 1.5,
    mutants: 60,
  },
  short: {
    model: 'short',
    traces: 100,
    schedules: 20_000,
    bugSchedulesMax: 0,
    chaosMinutes: 2,
    plantedMinutes: 0,
    mutants: 10,
  },
}

export interface DepthOptions {
  /** Of a PostgreSQL with the tests' template database. */
  readonly adminUrl: string
  readonly root: string
  readonly seed: number
  readonly size: Size
  readonly report: (line: string) => void
  readonly signal: AbortSignal
}

export interface Found {
  readonly depth: string
  /** States and steps, schedules, messages, mutants. */
  readonly cases: number
  /** Kind of fault -> how often it was injected; 1 for one that was possible everywhere. */
  readonly faults: Readonly<Record<string, number>>
  readonly duplicates: number
  readonly lost: number
  readonly bugs: readonly FoundBug[]
  readonly skipped: readonly string[]
  /** Why the proof does not stand; empty when it does. */
  readonly problems: readonly string[]
  /** The command that repeats it. */
  readonly again: string
}

export interface DepthResult extends Found {
  readonly minutes: number
}

const missed = (bugs: readonly FoundBug[]): string[] =>
  bugs.filter(({ found }) => !found).map(({ name }) => `a planted bug was not found: ${name}`)

async function model({ adminUrl, size, seed, report, signal }: DepthOptions): Promise<Found> {
  const proof = await proveModel({
    adminUrl,
    size: size.model,
    traces: size.traces,
    seed,
    report,
    signal,
  })
  const { bugs, skipped, errors, states } = proof
  const isSpinHere = !skipped.some((line) => line.startsWith('spin'))
  const isTooSmall = isSpinHere && states < STATES_MIN[size.model]
  return {
    depth: 'model',
    cases: proof.cases,
    faults: Object.fromEntries(proof.faults.map((name) => [name, 1])),
    duplicates: errors,
    lost: errors,
    bugs,
    skipped,
    problems: [
      ...(errors > 0 ? [`${errors} broken promises or disagreements`] : []),
      ...(isTooSmall ? [`${states} states, fewer than ${STATES_MIN[size.model]}`] : []),
      ...missed(bugs),
    ],
    again: `npm run model -- --seed ${seed}`,
  }
}

async function simulation({ size, seed, report }: DepthOptions): Promise<Found> {
  const { schedules, bugSchedulesMax } = size
  const onProgress = (done: { schedules: number; failed: number }): void =>
    report(`${done.schedules} schedules, ${done.failed} with a broken promise`)
  const proof = await proveSimulation({ firstSeed: seed, schedules, bugSchedulesMax, onProgress })
  const bugs = proof.bugs.map(({ name, found, schedules: after }) => ({
    name,
    found,
    by: found ? `schedule ${after}` : '',
  }))
  return {
    depth: 'simulation',
    cases: proof.cases,
    faults: proof.faults,
    duplicates: proof.duplicates,
    lost: proof.lost,
    bugs,
    skipped: [],
    problems: [
      ...proof.failed.map(({ seed: failing, violations }) => `seed ${failing}: ${violations.join('; ')}`),
      ...proof.missing.map((name) => `not seen: ${name}`),
      ...missed(bugs),
    ],
    again: `npm run simulate -- --seed ${seed} --count ${schedules}`,
  }
}

async function chaos({ size, seed, report }: DepthOptions): Promise<Found> {
  const again = `npm run chaos -- --minutes ${size.chaosMinutes} --seed ${seed}`
  try {
    const proof = await proveChaos({ seed, minutes: size.chaosMinutes, onProgress: report })
    const bugs = size.plantedMinutes === 0 ? [] : await plantInChaos(size.plantedMinutes, seed, report)
    return {
      depth: 'chaos',
      cases: proof.cases,
      faults: proof.faults,
      duplicates: proof.duplicates,
      lost: proof.lost,
      bugs,
      skipped: Object.entries(proof.skipped).map(([name, why]) => `${name}: ${why}`),
      problems: missed(bugs),
      again,
    }
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    const nothing = { cases: 0, faults: {}, duplicates: NaN, lost: NaN, bugs: [], skipped: [] }
    return { depth: 'chaos', ...nothing, problems: [problem], again }
  }
}

/** A run with a planted bug rejects: with what it has found. */
async function plantInChaos(
  minutes: number,
  seed: number,
  report: (line: string) => void,
): Promise<FoundBug[]> {
  const bugs: FoundBug[] = []
  for (const bug of Object.keys(chaosBugs) as PlantedBug[]) {
    const by = await proveChaos({ seed, minutes, bug, onProgress: report }).then(
      () => '',
      (error: unknown) => {
        // Anything else is no finding: the run itself has failed.
        if (!(error instanceof AssertionError)) throw error
        return error.message.split('\n')[0] ?? ''
      },
    )
    bugs.push({ name: `chaos: ${bug}`, found: by !== '', by })
  }
  return bugs
}

async function mutation({ adminUrl, root, size, seed, report }: DepthOptions): Promise<Found> {
  const results = await runMutants({
    root,
    adminUrl,
    targets,
    workers: 2,
    sample: size.mutants,
    seed,
    onProgress: report,
  })
  const survived = results.flatMap((result) => result.survived)
  return {
    depth: 'mutation',
    cases: results.reduce((sum, { mutants }) => sum + mutants, 0),
    faults: Object.fromEntries(results.map(({ target, mutants }) => [`mutants of ${target}`, mutants])),
    duplicates: 0,
    lost: 0,
    bugs: [],
    skipped: [],
    problems: survived.map((name) => `survived: ${name}`),
    again: `npm run mutate -- --seed ${seed}${size.mutants === null ? '' : ` --sample ${size.mutants}`}`,
  }
}

/** From the design to the processes; the tests themselves come last. */
export const depths: readonly {
  readonly name: string
  readonly prove: (options: DepthOptions) => Promise<Found>
}[] = [
  { name: 'model', prove: model },
  { name: 'simulation', prove: simulation },
  { name: 'chaos', prove: chaos },
  { name: 'mutation', prove: mutation },
]
