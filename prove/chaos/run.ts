// npm run chaos -- --minutes N | --hours N [--seed S] | --failover
import { parseArgs } from 'node:util'
import { failOver } from './failover.ts'
import { proveChaos } from './prove-chaos.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    hours: { type: 'string' },
    seed: { type: 'string' },
    failover: { type: 'boolean' },
  },
})
const minutes = values.hours === undefined ? Number(values.minutes ?? 3) : Number(values.hours) * 60
const seed = Number(values.seed ?? Date.now() % 1_000_000)
if (!(minutes > 0) || !Number.isSafeInteger(seed)) {
  console.error('chaos: --minutes or --hours needs a number above 0, --seed a whole number')
  process.exit(2)
}
const onProgress = (line: string): void => console.log(`chaos: ${line}`)
const again = `npm run chaos -- ${values.failover ? '--failover' : `--minutes ${minutes} --seed ${seed}`}`
onProgress(again)
try {
  const proof = values.failover
    ? await failOver({ standby: 'synchronous', beforeMs: 20_000, afterMs: 20_000, onProgress })
    : await proveChaos({ seed, minutes, onProgress })
  console.log(JSON.stringify(proof, null, 2))
  process.exit(0)
} catch (error) {
  console.error(error)
  console.error(`chaos: FAILED: ${again}`)
  process.exit(1)
}
