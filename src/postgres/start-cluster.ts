// The private PostgreSQL cluster of a directory.
//
//   start lock ─> initdb if new ─> look ─┬─ nothing runs ─> launch ─┬─ ready ──────────────> ours
//                                   ^    │                          ├─ port taken, data ─┐
//                                   │    │                          │  still in use      │
//                                   │    │                          └─ failed ─> error   │
//                                   │    ├─ answers ──────────────────────────────────────┼─> adopted
//                                   │    └─ no answer ─> stop it ─┐                       │
//                                   └─────────────────────────────┴──────────────────────┘ until the deadline
//
// Who has the cluster holds the users lock, shared; the last one to leave stops the server.
import type { Logger } from 'pino'
import { ClusterError } from './cluster-error.ts'
import { openHome, type ClusterHome } from './cluster-home.ts'
import { ensureCluster } from './ensure-cluster.ts'
import { lockUntil, tryLock, type HeldLock } from '../process/file-lock.ts'
import type { Binaries } from './find-binaries.ts'
import { obtainServer, type Server } from './obtain-server.ts'
import { findRunningServer } from './running-server.ts'
import { settingArguments, type ServerSettings } from './server-settings.ts'
import { stopServer } from './stop-server.ts'

export interface StartOptions {
  /** Made if absent. Never one that holds anything else. */
  readonly directory: string
  readonly log: Logger
  /** Otherwise found; of the version of the data, where there are some. */
  readonly binaries?: Binaries
  readonly prefer?: Binaries['kind']
  /** Otherwise a free one. A server that comes back on it is found where it was; an adopted one keeps its own. */
  readonly port?: number
  /** PostgreSQL's own names and values. An adopted server keeps those it was started with. */
  readonly settings?: ServerSettings
  /** The bound of the whole start, with waiting for another starter, initdb and recovery. */
  readonly startTimeoutMs?: number
  /** How long a server that is ready may leave a log-in unanswered before it is stopped and started again. */
  readonly answerTimeoutMs?: number
  /** How long a fast shutdown may take before a harder one. */
  readonly stopTimeoutMs?: number
  /** Where root puts what the server's user cannot reach in `directory`. */
  readonly movedParent?: string
}

export interface Cluster {
  /** The superuser's, with its password. */
  readonly adminUrl: string
  readonly port: number
  readonly pid: number
  /** It ran already. */
  readonly adopted: boolean
  readonly dataDirectory: string
  /**
   * Idempotent. `in_use`: another process, or another start in this one, still has the cluster, so the server
   * runs on and the last of them stops it.
   */
  stop(): Promise<'stopped' | 'in_use'>
}

/** Throws ClusterError. When this process dies without `stop`, the server runs on and the next start adopts it. */
export async function startCluster(options: StartOptions): Promise<Cluster> {
  const { log, startTimeoutMs = 60_000, answerTimeoutMs = 10_000, stopTimeoutMs = 30_000 } = options
  const settings = settingArguments(options.settings)
  const deadline = Date.now() + startTimeoutMs
  const home = openHome(options.directory, log, options.movedParent)
  const lock = await lockStart(home, deadline)
  try {
    const binaries = await ensureCluster(home, options, deadline)
    const limits = { deadline, answerTimeoutMs, stopTimeoutMs }
    const { port } = options
    const fixed = port === undefined ? {} : { pickPort: () => Promise.resolve(port) }
    const server = await obtainServer({ home, binaries, settings, limits, log, ...fixed })
    // Only a holder of the start lock, which this is, ever takes it exclusively.
    const use = tryLock(home.usersLock, 'shared')
    if (!use)
      throw new Error(
        `share the private PostgreSQL: locked by a process that is not its starter: ${home.usersLock}`,
      )
    log.info({ port: server.port, pid: server.pid, adopted: server.adopted }, 'private PostgreSQL is ready')
    let stopped: ReturnType<Cluster['stop']> | undefined
    return {
      ...server,
      dataDirectory: home.data,
      stop: () =>
        (stopped ??= leave(home, server, use, stopTimeoutMs, log).catch((error: unknown) => {
          stopped = undefined // it may be tried again
          throw error
        })),
    }
  } finally {
    lock.release()
  }
}

async function leave(
  home: ClusterHome,
  server: Server,
  use: HeldLock,
  stopTimeoutMs: number,
  log: Logger,
): Promise<'stopped' | 'in_use'> {
  const lock = await lockStart(home, Date.now() + stopTimeoutMs)
  try {
    use.release()
    const last = tryLock(home.usersLock, 'exclusive')
    if (!last) {
      log.info({ pid: server.pid }, 'private PostgreSQL runs on for others')
      return 'in_use'
    }
    try {
      // Another start may have replaced a server that died.
      const running = await findRunningServer(home.data, log)
      for (const pid of new Set([server.pid, running?.pid ?? server.pid]))
        await stopServer({ pid, dataDirectory: home.data, timeoutMs: stopTimeoutMs, log })
    } finally {
      last.release()
    }
    log.info({ pid: server.pid }, 'private PostgreSQL stopped')
    return 'stopped'
  } finally {
    lock.release()
  }
}

async function lockStart(home: ClusterHome, deadline: number): Promise<HeldLock> {
  const lock = await lockUntil(home.startLock, 'exclusive', deadline)
  if (lock) return lock
  throw new ClusterError(
    'start_locked',
    `start or stop the private PostgreSQL: another process is at it all the time: ${home.startLock}: see what it does, or end it`,
  )
}
