import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..')
let known: string | undefined

/** Version of the package and a hash over the code that runs: evidence says what it was found with. */
export function codeVersion(): string {
  known ??= compute()
  return known
}

function compute(): string {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  const hash = createHash('sha256')
  const files = globSync('src/**/*.{ts,sql}', { cwd: root }).filter((file) => !file.endsWith('.test.ts'))
  for (const file of files.sort()) hash.update(`${file}\n`).update(readFileSync(join(root, file)))
  return `${version}+${hash.digest('hex').slice(0, 12)}`
}
