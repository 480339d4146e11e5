// npm run model -- [--short] [--traces 1000] [--seed 1] [--commit-traces]: depth 1 of the proof, alone.
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { startCluster } from '../src/postgres/start-cluster.ts'
import { prepareTemplate } from '../test/support/database.ts'
import { commitTraces } from './committed-traces.ts'
import { STATES_MIN } from './design.ts'
import { proveModel } from './model.ts'
import { generateTraces, prepareQuint } from './quint.ts'

const COMMITTED_TRACES = 200
const root = join(import.meta.dirname, '..')
const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    traces: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    'commit-traces': { type: 'boolean', default: false },
  },
})
const seed = natural('seed', values.seed)
const traces = natural('traces', values.traces)

if (values['commit-traces']) {
  const quint = prepareQuint()
  if (quint.kind === 'absent') fail(quint.reason)
  commitTraces(generateTraces(COMMITTED_TRACES, seed))
  console.log(`model: spec/traces.json.gz has ${COMMITTED_TRACES} traces from seed ${seed}`)
  process.exit(0)
}

const cluster = await startCluster({
  directory: join(root, '.baton', 'model-postgres'),
  log: pino({ level: 'warn' }, pino.destination(2)),
})
const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort())
const size = values.short ? 'short' : 'full'
try {
  await prepareTemplate(cluster.adminUrl)
  const report = (line: string) => console.log(line)
  const { adminUrl } = cluster
  const proof = await proveModel({ adminUrl, size, traces, seed, report, signal: stopping.signal })
  const missed = proof.bugs.filter(({ found }) => !found)
  for (const line of proof.skipped) console.log(`model: SKIPPED: ${line}`)
  const isSpinHere = !proof.skipped.some((line) => line.startsWith('spin'))
  const isTooSmall = isSpinHere && proof.states < STATES_MIN[size]
  if (isTooSmall)
    console.error(`model: ${proof.states} states, fewer than ${STATES_MIN[size]}: it lost something`)
  for (const { name } of missed) console.error(`model: planted and not found: ${name}`)
  const found = `${proof.bugs.length - missed.length} of ${proof.bugs.length} planted mistakes found`
  console.log(
    `model: ${proof.states} states, ${proof.traces} traces, ${proof.steps} steps, ${proof.errors} errors, ${found}`,
  )
  process.exitCode = proof.errors > 0 || missed.length > 0 || isTooSmall ? 1 : 0
} finally {
  await cluster.stop()
}

function natural(name: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  return fail(`--${name} is not a number: ${text}`)
}

function fail(problem: string): never {
  console.error(`model: ${problem}`)
  process.exit(2)
}
