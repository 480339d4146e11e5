// A lock between processes that the kernel releases when its holder dies, also by kill -9. Node has no flock;
// an SQLite transaction on an empty file is one, shared or exclusive, also between holders in one process.
// Nothing is ever stored in the file, and nothing else may open it: closing a file drops its POSIX locks.
import { setTimeout as sleep } from 'node:timers/promises'
import { DatabaseSync } from 'node:sqlite'

export interface HeldLock {
  /** Idempotent. */
  release(): void
}

const SQLITE_BUSY = 5
// A lock whose holder was forgotten must not be released by the garbage collector at some moment.
const held = new Set<DatabaseSync>()
const POLL_MS = 40

/** `undefined` while another holder has it in a way that excludes this one. */
export function tryLock(file: string, mode: 'shared' | 'exclusive'): HeldLock | undefined {
  const database = new DatabaseSync(file, { timeout: 0 })
  try {
    if (mode === 'exclusive') database.exec('begin exclusive')
    else database.exec('begin; select count(*) from sqlite_schema')
  } catch (error) {
    database.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return undefined
    throw error
  }
  held.add(database)
  return {
    release: () => {
      if (held.delete(database)) database.close()
    },
  }
}

/** `undefined` when the deadline (milliseconds since the epoch) passes first. */
export async function lockUntil(
  file: string,
  mode: 'shared' | 'exclusive',
  deadline: number,
): Promise<HeldLock | undefined> {
  for (;;) {
    const lock = tryLock(file, mode)
    if (lock || Date.now() >= deadline) return lock
    await sleep(POLL_MS)
  }
}
