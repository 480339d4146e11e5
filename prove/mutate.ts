// npm run mutate [-- --target NAME] [--sample N] [--seed N]: changes the code, and expects the tests to notice.
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { startCluster } from '../src/postgres/start-cluster.ts'
import { prepareTemplate } from '../test/support/database.ts'
import { runMutants } from './mutation/run-mutants.ts'
import { targets } from './mutation/targets.ts'

const root = join(import.meta.dirname, '..')
const { values } = parseArgs({
  options: { target: { type: 'string' }, sample: { type: 'string' }, seed: { type: 'string', default: '0' } },
})
const wanted = targets.filter(({ name }) => values.target === undefined || name === values.target)
if (wanted.length === 0) {
  console.error(
    `mutate: no such target: ${values.target}: there are ${targets.map(({ name }) => name).join(', ')}`,
  )
  process.exit(2)
}
const cluster = await startCluster({
  directory: join(root, '.baton', 'mutate-postgres'),
  log: pino({ level: 'warn' }, pino.destination(2)),
  settings: { max_connections: '200' },
})
await prepareTemplate(cluster.adminUrl)
try {
  const results = await runMutants({
    root,
    adminUrl: cluster.adminUrl,
    targets: wanted,
    workers: 2,
    sample: values.sample === undefined ? null : Number(values.sample),
    seed: Number(values.seed),
    onProgress: (line) => console.error(`mutate: ${line}`),
  })
  console.table(
    results.map(({ survived, accepted, ...row }) => ({
      ...row,
      accepted: accepted.length,
      survived: survived.length,
    })),
  )
  for (const name of results.flatMap(({ survived }) => survived)) console.log(`survived: ${name}`)
  process.exitCode = results.some(({ survived }) => survived.length > 0) ? 1 : 0
} finally {
  await cluster.stop()
}
