// What the tests of `baton up` share: a supervisor of one's own, and the end of whatever it leaves behind.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Client } from 'pg'
import { findReach, type Reach } from '../cli/reach.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const READY_WITHIN_MS = 60_000
const STOP_WITHIN_MS = 15_000

type Clean = () => void | Promise<void>

export interface Place {
  readonly directory: string
  /** What is left to do at the end; the last one comes first. */
  readonly cleaning: Clean[]
  /** The environment of a `baton up` of its own, without any setting of the tests' caller. */
  readonly environment: Record<string, string>
}

/** A directory and, where the test runner has a server, a database on it; else `up` makes a private one. */
export async function ownPlace(database: 'given' | 'private' = 'given'): Promise<Place> {
  const directory = mkdtempSync(join(realpathSync(tmpdir()), 'baton-up-test-'))
  chmodSync(directory, 0o755) // PostgreSQL may run as another user
  const cleaning: Clean[] = [() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 })]
  const isOfCaller = (name: string): boolean =>
    /^(BATON_|DATABASE_URL$|LEGACY_DATABASE_URL$|NODE_)/.test(name)
  const inherited = Object.entries(process.env).flatMap(([name, value]) =>
    value === undefined || isOfCaller(name) ? [] : [[name, value] as const],
  )
  const environment = {
    ...Object.fromEntries(inherited),
    BATON_DIRECTORY: join(directory, '.baton'),
    ...(database === 'given' ? await ownDatabase(cleaning) : {}),
  }
  return { directory, cleaning, environment }
}

/** Ends what was started in a place, and the place. */
export async function leave({ cleaning }: Place): Promise<void> {
  for (const clean of cleaning.splice(0).toReversed()) await clean()
}

async function ownDatabase(cleaning: Clean[]): Promise<Record<string, string>> {
  const server = process.env['BATON_TEST_ADMIN_URL']
  if (!server) return {}
  const name = `cli_${randomBytes(6).toString('hex')}`
  await onServer(server, `create database ${name}`)
  cleaning.push(() => onServer(server, `drop database if exists ${name} with (force)`))
  const url = new URL(server)
  url.pathname = `/${name}`
  // The roles are the server's, and other tests log in with these passwords.
  return {
    DATABASE_URL: url.href,
    BATON_GATEWAY_DB_PASSWORD: 'test-gateway',
    BATON_SERVICE_DB_PASSWORD: 'test-service',
  }
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  client.on('error', () => {})
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

export interface ReadyLine {
  readonly gateway_url: string
  readonly service_url: string
  readonly sandbox_url: string
  readonly faults_url: string
  readonly env_file: string
  readonly pids: Readonly<Record<string, number>>
}

export interface UpProcess {
  readonly child: ChildProcess
  /** Everything it wrote to standard error: with --json all logs. */
  readonly log: () => string
  readonly ready: Promise<ReadyLine>
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string | null>
  readonly reach: () => Reach
}

/** Starts `baton up --json --ports-free` and takes care that nothing of it survives the test. */
export function startUp(
  { directory, cleaning, environment }: Place,
  options: {
    readonly settings?: Record<string, string>
    readonly main?: string
    readonly args?: string[]
  } = {},
): UpProcess {
  const { settings = {}, main = 'bin/baton.ts', args = ['up', '--json', '--ports-free'] } = options
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(ROOT, main), ...args],
    { cwd: directory, env: { ...environment, ...settings }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let log = ''
  const lines = createInterface({ input: child.stderr })
  lines.on('line', (line) => (log += `${line}\n`))
  const ended = once(child, 'close').then(([code, signal]: unknown[]) => (code ?? signal) as number | string)
  const ready = Promise.withResolvers<ReadyLine>()
  let postgres: number | undefined
  const readyInTime = within(READY_WITHIN_MS, ready.promise)
  readyInTime.catch(() => {}) // a test of a failing start does not wait for it
  createInterface({ input: child.stdout }).on('line', (line) => {
    const value = JSON.parse(line) as ReadyLine
    postgres = value.pids['postgres']
    ready.resolve(value)
  })
  void ended.then(() => ready.reject(new Error(`baton up ended before it was ready:\n${log}`)))
  cleaning.push(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    await within(STOP_WITHIN_MS, ended).catch(() => child.kill('SIGKILL'))
    const pids = [...log.matchAll(/healthy(?: again)? as process (\d+)/g)].map((match) => Number(match[1]))
    for (const pid of postgres === undefined ? pids : [...pids, postgres]) killIfOurs(pid)
  })
  return {
    child,
    log: () => log,
    ready: readyInTime,
    ended,
    reach: () => findReach({ BATON_DIRECTORY: environment['BATON_DIRECTORY'] }, directory),
  }
}

/** A pid may have been given to somebody else since: only a program of ours is killed. */
function killIfOurs(pid: number): void {
  const { stdout } = spawnSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' })
  if (stdout.includes(join(ROOT, 'bin')) || /postgres.*baton-up-test-/.test(stdout))
    process.kill(pid, 'SIGKILL')
}

/** Whether a process runs: neither gone nor a zombie. */
export function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' })
  return !/^(Z|$)/.test(stdout.trim())
}

export async function until(
  holds: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 60_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain until ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function within<Value>(timeoutMs: number, promise: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came of it within ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

export async function isHealthy(origin: string): Promise<boolean> {
  return fetch(`${origin}/healthz`, { signal: AbortSignal.timeout(2_000) }).then(
    ({ ok }) => ok,
    () => false,
  )
}
