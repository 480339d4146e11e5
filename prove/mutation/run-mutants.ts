import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { accepted } from './accepted.ts'
import { nameOf, type Mutant } from './mutant.ts'
import { sqlMutants } from './sql-mutants.ts'
import type { Target } from './targets.ts'
import { typescriptMutants } from './typescript-mutants.ts'
import { openWorkshop, type Workshop } from './workshop.ts'

export interface MutationOptions {
  readonly root: string
  /** Of a PostgreSQL with the tests' template database. */
  readonly adminUrl: string
  readonly targets: readonly Target[]
  readonly workers: number
  /** Take so many mutants of each target, chosen by the seed; null: all. */
  readonly sample: number | null
  readonly seed: number
  readonly onProgress: (line: string) => void
}

export interface MutationResult {
  readonly target: string
  readonly mutants: number
  readonly killed: number
  /** Survivors with a written reason. */
  readonly accepted: readonly string[]
  /** Survivors without one: each is a gap in the tests. */
  readonly survived: readonly string[]
}

/** Mutates each target and runs its tests. Throws when the tests fail without any mutant. */
export async function runMutants(options: MutationOptions): Promise<MutationResult[]> {
  const { root, adminUrl, workers } = options
  const workshops = Array.from({ length: workers }, (_, index) =>
    openWorkshop(root, join(root, '.baton', 'mutants', String(index)), adminUrl),
  )
  try {
    const results: MutationResult[] = []
    for (const target of options.targets) results.push(await runTarget(options, target, workshops))
    return results
  } finally {
    for (const workshop of workshops) workshop.close()
  }
}

async function runTarget(
  options: MutationOptions,
  target: Target,
  workshops: readonly Workshop[],
): Promise<MutationResult> {
  const { root, onProgress } = options
  const [first] = workshops
  if (!first || !(await first.survives(null, target.tests)))
    throw new Error(`mutation: the tests of ${target.name} fail without a mutant: mend them first`)
  const mutants = choose(mutantsOf(root, target), options)
  if (mutants.length === 0) throw new Error(`mutation: ${target.name} has no mutants: no file was found`)
  const waiting = [...mutants]
  const survivors: string[] = []
  let done = 0
  async function work(workshop: Workshop): Promise<void> {
    for (let mutant = waiting.pop(); mutant; mutant = waiting.pop()) {
      const survived = await workshop.survives(mutant, target.tests)
      done++
      const name = nameOf(readFileSync(join(root, mutant.file), 'utf8'), mutant)
      if (survived) survivors.push(name)
      const mark = survived ? (accepted.has(name) ? 'accepted' : 'SURVIVED') : 'killed'
      onProgress(`${target.name} ${done}/${mutants.length} ${mark} ${mutant.line}: ${name}`)
    }
  }
  await Promise.all(workshops.map(work))
  return {
    target: target.name,
    mutants: mutants.length,
    killed: mutants.length - survivors.length,
    accepted: survivors.filter((name) => accepted.has(name)),
    survived: survivors.filter((name) => !accepted.has(name)).sort(),
  }
}

function mutantsOf(root: string, { files }: Target): Mutant[] {
  return globSync([...files], { cwd: root })
    .filter((file) => !file.endsWith('.test.ts'))
    .sort()
    .flatMap((file) => {
      const source = readFileSync(join(root, file), 'utf8')
      return file.endsWith('.sql') ? sqlMutants(file, source) : typescriptMutants(file, source)
    })
}

/** Every n-th mutant, begun where the seed says: spread over all files. */
function choose(mutants: readonly Mutant[], { sample, seed }: MutationOptions): Mutant[] {
  if (sample === null || sample >= mutants.length) return [...mutants]
  const step = mutants.length / sample
  return Array.from({ length: sample }, (_, index) => {
    const mutant = mutants[(Math.floor(index * step) + seed) % mutants.length]
    if (!mutant) throw new Error(`mutation: no mutant at ${index}`)
    return mutant
  })
}
