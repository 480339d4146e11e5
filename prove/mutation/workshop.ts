import { spawn } from 'node:child_process'
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { apply, type Mutant } from './mutant.ts'

/** A copy of the tree in which one mutant at a time lives. */
export interface Workshop {
  /** Whether the tests pass with this mutant in place (null: the tree as it is). */
  survives(mutant: Mutant | null, tests: readonly (readonly string[])[]): Promise<boolean>
  close(): void
}

const COPIED = ['src', 'test', 'bin', 'docs', 'deploy', 'package.json', 'README.md', 'MIGRATION_RUNBOOK.md']
const TEST_TIMEOUT_MS = 60_000
const RUN_TIMEOUT_MS = 120_000

export function openWorkshop(root: string, directory: string, adminUrl: string): Workshop {
  rmSync(directory, { recursive: true, force: true })
  mkdirSync(directory, { recursive: true })
  for (const name of COPIED) cpSync(join(root, name), join(directory, name), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'))

  const passes = (patterns: readonly string[]): Promise<boolean> =>
    runTests(directory, globSync([...patterns], { cwd: directory }), adminUrl)

  async function passAll(tests: readonly (readonly string[])[]): Promise<boolean> {
    for (const patterns of tests) if (!(await passes(patterns))) return false
    return true
  }

  return {
    async survives(mutant, tests) {
      if (mutant === null) return passAll(tests)
      const path = join(directory, mutant.file)
      const source = readFileSync(path, 'utf8')
      writeFileSync(path, apply(source, mutant))
      try {
        return await passAll(tests)
      } finally {
        writeFileSync(path, source)
      }
    },
    close: () => rmSync(directory, { recursive: true, force: true }),
  }
}

/** A run that hangs is one that fails: the mutant was noticed. */
async function runTests(directory: string, files: readonly string[], adminUrl: string): Promise<boolean> {
  if (files.length === 0) throw new Error('mutation: no test file: the targets name tests that are not there')
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      '--test',
      '--test-concurrency=1',
      `--test-timeout=${TEST_TIMEOUT_MS}`,
      ...files,
    ],
    {
      cwd: directory,
      stdio: 'ignore',
      detached: true,
      env: { ...process.env, BATON_TEST_ADMIN_URL: adminUrl, NODE_TEST_CONTEXT: undefined },
    },
  )
  const timer = setTimeout(() => killGroup(child.pid), RUN_TIMEOUT_MS)
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve))
  clearTimeout(timer)
  killGroup(child.pid)
  return code === 0
}

/** The whole group: a mutant may have left programs behind. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Nothing of it is left.
  }
}
