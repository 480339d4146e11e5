import { join } from 'node:path'
import { Writable } from 'node:stream'
import { pino, type Logger } from 'pino'
import { ClusterError } from '../postgres/cluster-error.ts'
import { startCluster, type Cluster } from '../postgres/start-cluster.ts'
import { identifyProcess } from '../postgres/identify-process.ts'
import { UpFailure } from './up-failure.ts'

export interface PrivatePostgres {
  readonly adminUrl: () => string
  readonly pid: () => number
  /** Starts it again when it has died. `true` when it runs anew, at another URL. Throws UpFailure. */
  revive(): Promise<boolean>
  stop(): Promise<'stopped' | 'in_use'>
}

/** The PostgreSQL of a directory, for a machine where the user has named none. Throws UpFailure. */
export async function startPrivatePostgres(
  directory: string,
  onLine: (line: string) => void,
): Promise<PrivatePostgres> {
  const log = lineLogger(onLine)
  const start = (): Promise<Cluster> =>
    startCluster({ directory: join(directory, 'postgres'), log }).catch((error: unknown) => {
      if (!(error instanceof ClusterError)) throw error
      throw new UpFailure(
        `${error.message}\nOr set DATABASE_URL to a PostgreSQL that runs already, as an administrator.`,
        { cause: error },
      )
    })
  let cluster = await start()
  return {
    adminUrl: () => cluster.adminUrl,
    pid: () => cluster.pid,
    async revive() {
      const identity = identifyProcess(cluster.pid, cluster.dataDirectory)
      if (identity === 'postmaster' || identity === 'unknown') return false
      await cluster.stop() // gives its lock back
      cluster = await start()
      return true
    },
    stop: () => cluster.stop(),
  }
}

function lineLogger(onLine: (line: string) => void): Logger {
  const lines = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      onLine(chunk.trimEnd())
      done()
    },
  })
  return pino({ base: null }, lines)
}
