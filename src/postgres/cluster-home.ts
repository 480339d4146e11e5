// Where a cluster lives. A home holds:
//   baton-postgres.txt   says that the folder is ours; written before anything else
//   moved-to.txt         only where root had to choose another home: its path, then why
//   cluster/             data/ and password; appears complete, by a rename
//   making-*/            a cluster that initdb is still making, or never finished
//   server.log, *.lock
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Logger } from 'pino'
import { ClusterError } from './cluster-error.ts'
import { ownedByUs } from './own-directory.ts'
import { reachableRoot } from './reachable-root.ts'
import { canEnter, findServerUser, isRoot, type ServerUser } from './server-user.ts'

export interface ClusterHome {
  readonly directory: string
  readonly cluster: string
  readonly data: string
  readonly passwordFile: string
  readonly serverLog: string
  readonly startLock: string
  readonly usersLock: string
  /** Whom the server runs as; `undefined`: as this process. */
  readonly user: ServerUser | undefined
}

const MARKER = 'baton-postgres.txt'
const NOTE = 'moved-to.txt'
// Root's home lets the server's user through to the data and keeps everybody from listing it.
const homeMode = (): number => (isRoot() ? 0o711 : 0o700)

/**
 * Makes the home or finds it again. Idempotent. Where this process is root and the server's user cannot reach
 * `directory`, the home is a folder under `movedParent`, and a note in `directory` says which.
 */
export function openHome(directory: string, log: Logger, movedParent = reachableRoot()): ClusterHome {
  const wanted = claimDirectory(resolve(directory))
  const user = findServerUser()
  const note = readNote(wanted)
  if (note !== undefined) return describeHome(claimDirectory(note, true))
  if (!user || canEnter(wanted, user)) return describeHome(wanted)
  if (existsSync(join(wanted, 'cluster')))
    throw unusable(
      wanted,
      `it holds a cluster, which user ${user.name} can no longer reach`,
      'let that user through its parents (chmod a+x)',
    )
  const hash = createHash('sha256').update(wanted).digest('hex').slice(0, 16)
  const moved = join(movedParent, `baton-postgres-${hash}`)
  if (existsSync(join(moved, 'cluster')))
    log.warn(
      { directory: wanted, moved },
      'the note was gone, the data of before is used; remove that folder to start afresh',
    )
  else
    log.info(
      { directory: wanted, moved },
      `user ${user.name} cannot reach the directory, the cluster goes elsewhere`,
    )
  writeNote(wanted, moved, user)
  return describeHome(claimDirectory(moved, true))
}

function describeHome(directory: string): ClusterHome {
  const cluster = join(directory, 'cluster')
  const data = join(cluster, 'data')
  const user = findServerUser(data)
  if (user && !canEnter(directory, user))
    throw unusable(
      directory,
      `user ${user.name} cannot reach it`,
      'let that user through its parents (chmod a+x)',
    )
  return {
    directory,
    cluster,
    data,
    passwordFile: join(cluster, 'password'),
    serverLog: join(directory, 'server.log'),
    startLock: join(directory, 'start.lock'),
    usersLock: join(directory, 'users.lock'),
    user,
  }
}

/** The real path of a directory that is ours, or new or empty and thereby ours. */
function claimDirectory(directory: string, inSharedPlace = false): string {
  try {
    mkdirSync(dirname(directory), { recursive: true })
    if (!existsSync(directory)) {
      mkdirSync(directory, { mode: homeMode() })
      chmodSync(directory, homeMode()) // whatever the umask
    }
    if (inSharedPlace && !ownedByUs(directory))
      throw unusable(directory, 'others own it or can write there', 'look at what it is and move it away')
    const found = readdirSync(directory)
    if (found.length > 0 && !found.includes(MARKER)) throw notOurs(directory, found)
    if (found.length === 0) writeFileSync(join(directory, MARKER), "Baton's private PostgreSQL cluster\n")
    return realpathSync(directory)
  } catch (error) {
    if (error instanceof ClusterError || !(error instanceof Error)) throw error
    // Somebody else made it at the same moment.
    if ('code' in error && error.code === 'EEXIST' && existsSync(directory))
      return claimDirectory(realpathSync(directory), inSharedPlace)
    throw unusable(directory, error.message, 'choose a directory that this user may write', error)
  }
}

function notOurs(directory: string, found: readonly string[]): ClusterError {
  const what = found.includes('PG_VERSION')
    ? `it is itself a data directory of PostgreSQL ${readFileSync(join(directory, 'PG_VERSION'), 'utf8').trim()}`
    : `it holds ${found.slice(0, 3).join(', ')}${found.length > 3 ? ` and ${found.length - 3} more` : ''}`
  return new ClusterError(
    'directory_not_ours',
    `use a directory for the private PostgreSQL: not made by Baton: ${directory}: ${what}: nothing there was changed; choose another directory or move it away`,
  )
}

function unusable(directory: string, why: string, whatToDo: string, cause?: Error): ClusterError {
  return new ClusterError(
    'directory_unusable',
    `use a directory for the private PostgreSQL: ${directory}: ${why}: ${whatToDo}`,
    { cause },
  )
}

function readNote(directory: string): string | undefined {
  const note = join(directory, NOTE)
  return existsSync(note) ? readFileSync(note, 'utf8').split('\n')[0] : undefined
}

function writeNote(directory: string, moved: string, user: ServerUser): void {
  const made = join(directory, `${NOTE}.${process.pid}`)
  const why = `Root cannot run PostgreSQL, and user ${user.name}, who runs it, cannot reach this directory.`
  writeFileSync(made, `${moved}\n${why}\nThe data is there. Keep this file, or move the data as well.\n`, {
    flush: true,
  })
  renameSync(made, join(directory, NOTE))
}
