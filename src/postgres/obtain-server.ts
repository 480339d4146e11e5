// A server for a cluster: the one that runs already, if it answers, else a new one.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { askServer } from './ask-server.ts'
import { ClusterError } from './cluster-error.ts'
import type { ClusterHome } from './cluster-home.ts'
import type { Binaries } from './find-binaries.ts'
import { launchServer, type Launch } from './launch-server.ts'
import { findRunningServer, type RunningServer } from './running-server.ts'
import { stopServer } from './stop-server.ts'

export interface Server {
  readonly adminUrl: string
  readonly port: number
  readonly pid: number
  readonly adopted: boolean
}

export interface ObtainOptions {
  readonly home: ClusterHome
  readonly binaries: Binaries
  readonly settings: readonly string[]
  readonly limits: {
    readonly deadline: number
    readonly answerTimeoutMs: number
    readonly stopTimeoutMs: number
  }
  readonly log: Logger
  /** Gives a port that is probably free, or always the one to use. */
  readonly pickPort?: () => Promise<number>
}

type NotReady = Exclude<Launch, { kind: 'ready' }>

const POLL_MS = 50
const RETRY_MS = 200
const PORTS_MAX = 10

/** Needs the start lock. */
export async function obtainServer(options: ObtainOptions): Promise<Server> {
  const { home, binaries, limits, log, pickPort = pickFreePort } = options
  let portsLeft = PORTS_MAX
  let inUse: NotReady | undefined
  let lastPort: number | undefined
  for (;;) {
    const running = await findRunningServer(home.data, log)
    const adopted = running && (await adopt(running, options))
    if (adopted) return adopted
    const port = await pickPort()
    const launch = await launchServer({
      ...options,
      postgres: binaries.postgres,
      port,
      deadline: limits.deadline,
    })
    if (launch.kind === 'ready') return { adminUrl: launch.adminUrl, port, pid: launch.pid, adopted: false }
    log.debug({ launch }, 'PostgreSQL did not start')
    const late = Date.now() >= limits.deadline
    // A last attempt that ran out of time says less than the one before.
    if (launch.kind === 'failed') throw startFailed(home, (late && inUse) || launch)
    if (launch.kind === 'port_taken') portsLeft--
    else inUse = launch
    if (late || portsLeft === 0) throw startFailed(home, launch)
    // The same port again: what holds it may be the server before, on its way out.
    if (launch.kind === 'data_in_use' || port === lastPort) await sleep(RETRY_MS)
    lastPort = port
  }
}

/** `undefined` when that server has ended by itself or was stopped because it does not answer. */
async function adopt(
  found: RunningServer,
  { home, settings, limits, log }: ObtainOptions,
): Promise<Server | undefined> {
  const answerBy = Date.now() + limits.answerTimeoutMs
  let server: RunningServer | undefined = found
  let why = ''
  while (server?.pid === found.pid) {
    const { pid, port, status } = server
    if (port !== undefined && status === 'ready') {
      const answer = await askServer(home, port, Math.min(limits.answerTimeoutMs, 2_000))
      if (answer.kind === 'answers') {
        warnOfOtherSettings(home, settings, log)
        return { adminUrl: answer.adminUrl, port, pid, adopted: true }
      }
      why = answer.why
    } else why = `its status is ${status || 'not written yet'}`
    // One that recovers or shuts down has as long as a start has.
    const bound = status === 'ready' ? Math.min(answerBy, limits.deadline) : limits.deadline
    if (Date.now() >= bound) {
      log.warn({ pid, why }, 'the PostgreSQL that runs on the directory does not answer, stopping it')
      await stopServer({ pid, dataDirectory: home.data, timeoutMs: limits.stopTimeoutMs, log })
      return undefined
    }
    await sleep(POLL_MS)
    server = await findRunningServer(home.data, log)
  }
}

function warnOfOtherSettings(home: ClusterHome, settings: readonly string[], log: Logger): void {
  // Where the server keeps the command line it was started with, each word in quotes.
  const started = readFileSync(join(home.data, 'postmaster.opts'), 'utf8')
  const missing = settings.filter((setting) => !started.includes(`"${setting}"`))
  if (missing.length > 0)
    log.warn({ missing }, 'the adopted PostgreSQL runs with other settings until it is stopped')
}

async function pickFreePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string')
    throw new Error(`pick a free port: no port: ${address}`)
  return address.port
}

function startFailed(home: ClusterHome, launch: NotReady): ClusterError {
  const why = {
    port_taken: `${PORTS_MAX} ports were taken when it came to use them`,
    data_in_use: 'another server, or what is left of one, holds its data directory',
    failed: launch.kind === 'failed' ? launch.why : '',
  }[launch.kind]
  const logTail = 'logTail' in launch ? `\n${launch.logTail}` : ''
  return new ClusterError(
    'start_failed',
    `start PostgreSQL on ${home.data}: ${why}: see ${home.serverLog}${logTail}`,
  )
}
