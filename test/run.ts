// npm test: every test file, in processes of their own, by node:test.
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const only = process.argv.slice(2)
const files = only.length > 0 ? only : globSync(['src/**/*.test.ts', 'test/**/*.test.ts'], { cwd: root }).sort()
if (files.length === 0) {
  console.error('test: no test file found under src/ and test/')
  process.exit(1)
}
const { status } = spawnSync(
  process.execPath,
  ['--disable-warning=ExperimentalWarning', '--test', '--test-concurrency=2', '--test-timeout=300000', ...files],
  { cwd: root, stdio: 'inherit' },
)
process.exit(status ?? 1)
