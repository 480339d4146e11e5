// What the lock file in a data directory says about a server that may run there.
import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { ClusterError } from './cluster-error.ts'
import { identifyProcess } from './identify-process.ts'
import { postmasterFilePath, readPostmasterFile } from './postmaster-file.ts'

export interface RunningServer {
  readonly pid: number
  readonly port: number | undefined
  readonly status: string
}

// A server writes the file in one go right after making it.
const EMPTY_FILE_GRACE_MS = 1_000

/**
 * The server that runs on that data directory. Needs the start lock. Removes a lock file that surely belongs
 * to no server and would yet stop the next one: empty, or with a pid that is now another process'. A file with
 * a pid that no process has is left to PostgreSQL, which removes it itself and first checks the shared memory.
 */
export async function findRunningServer(
  dataDirectory: string,
  log: Logger,
): Promise<RunningServer | undefined> {
  let file = readPostmasterFile(dataDirectory)
  if (file === 'empty') {
    await sleep(EMPTY_FILE_GRACE_MS)
    file = readPostmasterFile(dataDirectory)
  }
  if (file === 'absent') return undefined
  if (file === 'empty') return removeStaleFile(dataDirectory, 'it is empty', log)
  switch (identifyProcess(file.pid, dataDirectory)) {
    case 'postmaster':
      return file
    case 'gone':
      return undefined
    case 'other':
      return removeStaleFile(dataDirectory, `process ${file.pid} is not its server`, log)
    case 'unknown':
      throw new ClusterError(
        'unknown_process',
        `start PostgreSQL on ${dataDirectory}: postmaster.pid names process ${file.pid}, a PostgreSQL whose data directory cannot be seen: ` +
          'start as the user of that process, or stop it; if it serves other data, delete the file',
      )
  }
}

function removeStaleFile(dataDirectory: string, why: string, log: Logger): undefined {
  const file = postmasterFilePath(dataDirectory)
  log.warn({ file, why }, 'removing a stale lock file of PostgreSQL')
  rmSync(file, { force: true })
}
