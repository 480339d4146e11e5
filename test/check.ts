// npm run check: format, lint, types, layers, dead code. Runs all of them, then fails if one failed.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const tool = (name: string): string => join(root, 'node_modules', '.bin', name)

const steps: { name: string; command: string; args: string[] }[] = [
  { name: 'format', command: tool('oxfmt'), args: ['--check', '.'] },
  { name: 'lint', command: tool('oxlint'), args: ['--type-aware', '--deny-warnings'] },
  { name: 'types', command: tool('tsc'), args: ['-p', root] },
  { name: 'layers', command: process.execPath, args: [join(root, 'test', 'layers.ts')] },
  { name: 'dead code', command: tool('knip'), args: ['--no-progress'] },
]

const failed: string[] = []
for (const { name, command, args } of steps) {
  console.log(`check: ${name}`)
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' })
  if (error) console.error(`check: ${name}: cannot run ${command}: ${error.message}`)
  if (status !== 0) failed.push(name)
}
if (failed.length > 0) {
  console.error(`check: failed: ${failed.join(', ')}`)
  process.exit(1)
}
console.log(`check: ${steps.length} of ${steps.length} passed`)
