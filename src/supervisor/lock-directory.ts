import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tryLock, type HeldLock } from '../process/file-lock.ts'
import { UpFailure } from './up-failure.ts'

const TRAVERSABLE = 0o755 // PostgreSQL may run as another user and has to get through; the secrets are 0600

/** Makes the directory and takes it for this process; the kernel gives it back when the process dies. */
export function lockDirectory(directory: string): HeldLock {
  const pidFile = join(directory, 'up.pid')
  try {
    mkdirSync(directory, { recursive: true, mode: TRAVERSABLE })
    const lock = tryLock(join(directory, 'up.lock'), 'exclusive')
    if (lock) {
      writeFileSync(pidFile, `${process.pid}\n`)
      return lock
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new UpFailure(`use the directory ${directory}: ${why}: choose another with BATON_DIRECTORY`)
  }
  throw new UpFailure(
    `use the directory ${directory}: another baton up has it: process ${readPid(pidFile)}: ` +
      'use that one, stop it, or choose another directory with BATON_DIRECTORY',
  )
}

function readPid(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return 'unknown'
  }
}
