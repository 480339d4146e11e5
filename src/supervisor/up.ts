// The supervisor: PostgreSQL, then the four programs, each an OS process; restarts what dies, stops in order.
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { envFileOf, removeEnvFile, writeEnvFile, type ReachedBy } from '../process/env-file.ts'
import { readLogLine } from './log-line.ts'
import type { ConsoleLog } from './console-log.ts'
import { openDatabases, type Databases } from './databases.ts'
import { describeEvent } from './describe-event.ts'
import { lockDirectory } from './lock-directory.ts'
import { portTaken } from './ports.ts'
import { environmentOf, planPrograms, programNames, type ProgramName, type Programs } from './programs.ts'
import type { RoleUrls } from './prepare-databases.ts'
import { obtainSecrets, type Secrets } from './secrets.ts'
import type { UpConfig } from './settings.ts'
import { supervise, type GivenUp, type Supervised } from './supervise.ts'
import { UpFailure } from './up-failure.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const WATCH_INTERVAL_MS = 500

export interface UpOptions {
  readonly config: UpConfig
  /** The environment, whose other settings the programs get. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly log: ConsoleLog
  /** Aborted once: stop in order. */
  readonly stop: AbortSignal
  /** Aborted: stop at once. */
  readonly kill: AbortSignal
  readonly onReady: (ready: Ready) => void
}

export interface Ready {
  readonly urls: Programs['urls']
  readonly envFile: string
  readonly database: string
  readonly pids: Readonly<Record<ProgramName, number | undefined>>
  readonly postgresPid: number | undefined
}

type Children = Map<ProgramName, Supervised>

/** Runs until it is stopped. Throws UpFailure when it cannot start or a program cannot be kept running. */
export async function up(options: UpOptions): Promise<void> {
  const directory = resolve(options.config.directory)
  const config = { ...options.config, directory }
  const lock = lockDirectory(directory)
  try {
    removeEnvFile(directory) // of one that was killed
    await runAll({ ...options, config })
  } finally {
    lock.release()
  }
}

async function runAll(options: UpOptions): Promise<void> {
  const { config, log, stop } = options
  const { directory } = config
  const secrets = obtainSecrets(directory)
  let databases: Databases | undefined
  const urls = () => {
    if (!databases) throw new Error('databases: are asked for before they are open')
    return databases.urls()
  }
  const programs = await planPrograms(config, urls)
  const children: Children = new Map()
  try {
    databases = await openDatabases(config, secrets, log)
    const gaveUp = Promise.withResolvers<never>()
    gaveUp.promise.catch(() => {}) // before anybody waits for it
    const onGivenUp = (name: ProgramName, end: GivenUp) => gaveUp.reject(givenUp(programs, name, end, config))
    const running = startChildren(options, programs, children, onGivenUp)
    await Promise.race([running, gaveUp.promise, aborted(stop)])
    if (stop.aborted) return
    const tellHow = (): void => writeEnvFile(directory, reachedBy(programs, urls(), secrets))
    tellHow()
    options.onReady(readyOf(programs, children, databases, directory))
    await Promise.race([watchDatabase(databases, children, options, tellHow), gaveUp.promise, aborted(stop)])
  } finally {
    removeEnvFile(directory)
    await stopAll(children, databases, options)
  }
}

function reachedBy({ urls }: Programs, databases: RoleUrls, secrets: Secrets): ReachedBy {
  return {
    ...urls,
    BATON_API_KEY: secrets.api_key,
    BATON_OPERATOR_KEY: secrets.operator_key,
    DATABASE_URL: databases.gatewayLedger,
    LEGACY_DATABASE_URL: databases.gatewayLegacy,
  }
}

async function startChildren(
  { environment, log, stop }: UpOptions,
  { specs }: Programs,
  children: Children,
  onGivenUp: (name: ProgramName, end: GivenUp) => void,
): Promise<void> {
  for (const name of programNames) {
    if (stop.aborted) return
    const spec = specs[name]
    const child = supervise({
      file: join(ROOT, spec.file),
      url: spec.url,
      environment: () => environmentOf(spec, environment),
      onLine: (line) => log.line(name, line),
      onEvent: (event) => {
        const { level, text } = describeEvent(event)
        log.say(level, text, name)
        if (event.kind === 'given_up') onGivenUp(name, event)
      },
    })
    children.set(name, child)
    if ((await child.first) !== 'healthy') return
  }
}

function givenUp({ specs }: Programs, name: ProgramName, end: GivenUp, { host }: UpConfig): UpFailure {
  const { title, ports } = specs[name]
  const said = end.lastLines.join('\n')
  if (said.includes('EADDRINUSE')) {
    const use = ports.find(({ port }) => said.includes(String(port))) ?? ports[0]
    if (use) return portTaken(use, host)
  }
  const lines = end.lastLines.map((line) => `    ${readLogLine(line).text}`).join('\n')
  return new UpFailure(`keep the ${title} running: it ${end.how}. Its last lines:\n${lines}`)
}

function readyOf(
  { urls }: Programs,
  children: Children,
  { place, privatePid }: Databases,
  directory: string,
): Ready {
  const pid = (name: ProgramName) => children.get(name)?.pid()
  return {
    urls,
    envFile: envFileOf(directory),
    database: place,
    pids: {
      sandbox: pid('sandbox'),
      service: pid('service'),
      'fault-proxy': pid('fault-proxy'),
      gateway: pid('gateway'),
    },
    postgresPid: privatePid?.(),
  }
}

/** Brings a private PostgreSQL back that has died; its port changes, so those who use it start anew. */
async function watchDatabase(
  databases: Databases,
  children: Children,
  { log, stop }: UpOptions,
  tellHow: () => void,
): Promise<void> {
  while (!stop.aborted) {
    await sleep(WATCH_INTERVAL_MS, undefined, { signal: stop }).catch(() => {})
    if (stop.aborted || !(await databases.revive())) continue
    log.say('warn', 'PostgreSQL had ended and runs again: the gateway and the service start anew', 'postgres')
    tellHow()
    children.get('gateway')?.restart()
    children.get('service')?.restart()
  }
}

/** Who calls stops before who is called. */
async function stopAll(
  children: Children,
  databases: Databases | undefined,
  { log, kill }: UpOptions,
): Promise<void> {
  const killAll = (): void => {
    for (const child of children.values()) child.killNow()
  }
  if (kill.aborted) killAll()
  kill.addEventListener('abort', killAll, { once: true })
  log.say('info', 'stopping in order')
  const order: readonly (readonly ProgramName[])[] = [['gateway'], ['service'], ['sandbox', 'fault-proxy']]
  for (const names of order) {
    await Promise.all(
      names.map(async (name) => {
        const child = children.get(name)
        if (!child) return
        await child.stop()
        log.say('info', 'stopped', name)
      }),
    )
  }
  await databases?.stop()
  log.say('info', 'everything is stopped')
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
