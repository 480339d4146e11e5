// npm run prove [-- --short] [--seed N] [--write]: every depth of the proof, and its table.
// --write puts the figures into docs/reliability.md.
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { startCluster } from '../src/postgres/start-cluster.ts'
import { prepareTemplate } from '../test/support/database.ts'
import { depths, sizes, type DepthResult } from './depths.ts'
import { writeFigures } from './figures.ts'

const root = join(import.meta.dirname, '..')
const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
})
const seed = Number(values.seed)
if (!Number.isSafeInteger(seed) || seed < 0) fail(`--seed is not a whole number: ${values.seed}`)
const wanted = depths.filter(({ name }) => values.only === undefined || values.only === name)
if (wanted.length === 0)
  fail(`--only names no depth: ${values.only}: there are ${depths.map(({ name }) => name).join(', ')}`)
if (values.write && wanted.length < depths.length) fail('--write goes with all depths: leave out --only')

const cluster = await startCluster({
  directory: join(root, '.baton', 'prove-postgres'),
  log: pino({ level: 'warn' }, pino.destination(2)),
  settings: { max_connections: '200' },
})
const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort())
const results: DepthResult[] = []
try {
  await prepareTemplate(cluster.adminUrl)
  for (const { name, prove } of wanted) {
    const began = performance.now()
    const report = (line: string): void => console.error(`prove: ${name}: ${line}`)
    const setting = { adminUrl: cluster.adminUrl, root, seed, report, signal: stopping.signal }
    const found = await prove({ ...setting, size: sizes[values.short ? 'short' : 'full'] })
    results.push({ ...found, minutes: (performance.now() - began) / 60_000 })
  }
} finally {
  await cluster.stop()
}

console.table(
  results.map(({ depth, cases, faults, duplicates, lost, bugs, minutes }) => ({
    depth,
    cases,
    faults: Object.values(faults).reduce((sum, times) => sum + times, 0),
    duplicates,
    lost,
    'planted bugs found': `${bugs.filter(({ found }) => found).length} of ${bugs.length}`,
    minutes: minutes.toFixed(1),
  })),
)
const problems = results.flatMap(({ depth, problems: ofDepth }) => ofDepth.map((one) => `${depth}: ${one}`))
for (const { depth, skipped } of results)
  for (const one of skipped) console.log(`prove: ${depth}: skipped: ${one}`)
for (const problem of problems) console.log(`prove: FAILED: ${problem}`)
if (values.write && problems.length === 0)
  writeFigures(join(root, 'docs', 'reliability.md'), results, values.short)
process.exitCode = problems.length > 0 ? 1 : 0

function fail(problem: string): never {
  console.error(`prove: ${problem}`)
  process.exit(2)
}
