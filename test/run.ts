// npm test [FILE ...]: one private PostgreSQL for the run, then every test file in a process of its own.
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { startCluster } from '../src/postgres/start-cluster.ts'
import { prepareTemplate } from './support/database.ts'

const root = join(import.meta.dirname, '..')
const named = process.argv.slice(2)
const files =
  named.length > 0
    ? named
    : globSync(['src/**/*.test.ts', 'test/**/*.test.ts', 'prove/**/*.test.ts'], { cwd: root }).sort()
if (files.length === 0) {
  console.error('test: no test file found under src/ and test/')
  process.exit(1)
}

const cluster = await startCluster({
  directory: join(root, '.baton', 'test-postgres'),
  log: pino({ level: 'warn' }, pino.destination(2)),
  settings: { max_connections: '200' },
})
await prepareTemplate(cluster.adminUrl)

const runner = spawn(
  process.execPath,
  [
    '--disable-warning=ExperimentalWarning',
    '--test',
    '--test-concurrency=2',
    '--test-timeout=300000',
    ...files,
  ],
  { cwd: root, stdio: 'inherit', env: { ...process.env, BATON_TEST_ADMIN_URL: cluster.adminUrl } },
)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => runner.kill(signal))
const code = await new Promise<number>((resolve) => runner.on('exit', (status) => resolve(status ?? 1)))
await cluster.stop()
process.exit(code)
