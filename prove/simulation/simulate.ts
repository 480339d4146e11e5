// npm run simulate -- [--seed N] [--count M] [--hours H] [--bugs B]
//   --seed N alone   replays one run; a broken promise is shrunken and drawn
//   --count M        runs M schedules from the seed on (100,000 by default)
//   --hours H        goes on for H hours
//   --bugs B         schedules in which each planted bug must be found; 0 plants none
import { execFileSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { proveSimulation, replaySeed, type SimulationProof } from './prove-simulation.ts'
import { sequenceDiagram } from './sequence-diagram.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    count: { type: 'string' },
    hours: { type: 'string' },
    bugs: { type: 'string' },
  },
})

function numberOf(name: keyof typeof values): number | undefined {
  const text = values[name]
  if (text === undefined) return undefined
  const number = Number(text)
  if (Number.isFinite(number) && number >= 0) return number
  console.error(`simulate: --${name}: not a number: ${text}`)
  process.exit(2)
}

const commit = (): string => {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8', cwd: import.meta.dirname }).trim()
  } catch {
    return 'unknown'
  }
}

/** Replays a seed and prints what is needed to see it again and to understand it. True: nothing was broken. */
async function show(seed: number): Promise<boolean> {
  const run = await replaySeed(seed)
  const isWell = run.violations.length === 0
  console.log(`seed ${seed}, commit ${commit()}, events ${run.events}, hash ${run.hash.toString(16)}`)
  for (const violation of run.violations) console.log(`broken: ${violation}`)
  console.log(`${isWell ? 'what happened' : 'fewest events that break it'}:`)
  for (const fault of run.faults) console.log(`  ${fault}`)
  console.log(sequenceDiagram(run.lines))
  if (!isWell) console.log(`again: npm run simulate -- --seed ${seed}`)
  return isWell
}

function report(proof: SimulationProof, elapsedMs: number): boolean {
  const withBugs = proof.bugs.reduce((sum, { schedules }) => sum + schedules, proof.cases)
  const perSecond = Math.round((withBugs / elapsedMs) * 1_000)
  console.log(
    `simulation: ${proof.cases} schedules, ${proof.events} events; ${withBugs - proof.cases} more with bugs;`,
    `${Math.round(elapsedMs / 1_000)} s, ${perSecond}/s; duplicates ${proof.duplicates}, lost ${proof.lost}, failed ${proof.failed.length}`,
  )
  const seen = Object.entries(proof.witnesses).toSorted(([a], [b]) => (a < b ? -1 : 1))
  console.log(`witnesses: ${seen.map(([name, n]) => `${name} ${n}`).join(', ')}`)
  for (const name of proof.missing) console.log(`does not count: no ${name} in any schedule`)
  for (const { name, found, schedules, by } of proof.bugs) {
    console.log(
      found ? `bug found after ${schedules}: ${name}: ${by}` : `bug MISSED in ${schedules}: ${name}`,
    )
  }
  return proof.failed.length === 0 && proof.missing.length === 0 && proof.bugs.every(({ found }) => found)
}

async function runMany(): Promise<boolean> {
  const startedMs = performance.now()
  const schedules = numberOf('count')
  const hours = numberOf('hours')
  const firstSeed = numberOf('seed')
  const bugSchedulesMax = numberOf('bugs')
  let saidMs = startedMs
  const proof = await proveSimulation({
    ...(schedules === undefined ? {} : { schedules }),
    ...(hours === undefined ? {} : { hours }),
    ...(firstSeed === undefined ? {} : { firstSeed }),
    ...(bugSchedulesMax === undefined ? {} : { bugSchedulesMax }),
    onProgress({ schedules: done, failed }) {
      if (performance.now() - saidMs < 10_000) return
      saidMs = performance.now()
      console.log(`simulation: ${done} schedules, ${failed} failed`)
    },
  })
  const isProven = report(proof, performance.now() - startedMs)
  for (const { seed } of proof.failed.slice(0, 3)) await show(seed)
  return isProven
}

const seed = numberOf('seed')
const isReplay = seed !== undefined && values.count === undefined && values.hours === undefined
if (!(isReplay ? await show(seed) : await runMany())) process.exitCode = 1
