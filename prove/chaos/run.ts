// npm run chaos -- --minutes N | --hours N [--seed S] [--planted resend|steal] | --failover
// With a planted bug the run has to find it: exit code 0 when it does.
import assert from 'node:assert/strict'
import { parseArgs } from 'node:util'
import { failOver } from './failover.ts'
import { plantedBugs, type PlantedBug } from './nemeses/planted.ts'
import { proveChaos } from './prove-chaos.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    hours: { type: 'string' },
    seed: { type: 'string' },
    failover: { type: 'boolean' },
    planted: { type: 'string' },
  },
})
const minutes = values.hours === undefined ? Number(values.minutes ?? 3) : Number(values.hours) * 60
const seed = Number(values.seed ?? Date.now() % 1_000_000)
if (!(minutes > 0) || !Number.isSafeInteger(seed)) {
  console.error('chaos: --minutes or --hours needs a number above 0, --seed a whole number')
  process.exit(2)
}
const bug = values.planted as PlantedBug | undefined
if (bug !== undefined && !Object.hasOwn(plantedBugs, bug)) {
  console.error(`chaos: --planted is one of ${Object.keys(plantedBugs).join(', ')}: not ${bug}`)
  process.exit(2)
}
const onProgress = (line: string): void => console.log(`chaos: ${line}`)
const again = `npm run chaos -- ${values.failover ? '--failover' : `--minutes ${minutes} --seed ${seed}${bug ? ` --planted ${bug}` : ''}`}`
onProgress(again)
try {
  const proof = values.failover
    ? [
        await failOver({ standby: 'synchronous', beforeMs: 15_000, afterMs: 15_000, onProgress }),
        await failOver({ standby: 'asynchronous', beforeMs: 10_000, afterMs: 15_000, onProgress }),
      ]
    : await proveChaos({ seed, minutes, bug, onProgress })
  console.log(JSON.stringify(proof, null, 2))
  if (bug !== undefined) console.error(`chaos: FAILED: the planted bug was not found: ${bug}`)
  process.exit(bug === undefined ? 0 : 1)
} catch (error) {
  console.error(error)
  if (bug !== undefined && error instanceof assert.AssertionError) {
    console.log(`chaos: the planted bug was found: ${bug}`)
    process.exit(0)
  }
  console.error(`chaos: FAILED: ${again}`)
  process.exit(1)
}
