// What the tests of the private cluster share. Whatever a test leaves running is stopped by its id.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, globSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pino } from 'pino'
import { Client } from 'pg'
import { findBinaries, type Binaries } from './find-binaries.ts'
import { identifyProcess } from './identify-process.ts'
import { readPostmasterFile } from './postmaster-file.ts'

export const silent = pino({ level: 'silent' })

export interface Kind {
  readonly name: Binaries['kind']
  readonly binaries: Binaries | undefined
  /** For node:test: why it cannot be tested here, or false. */
  readonly skip: string | false
}

export const kinds: readonly Kind[] = (['installed', 'embedded'] as const).map((name) => {
  const found = findBinaries({ prefer: name })
  if (found.kind === name) return { name, binaries: found, skip: false }
  return { name, binaries: undefined, skip: `no ${name} binaries on this machine` }
})

export const anyKind = kinds.find(({ binaries }) => binaries !== undefined)

interface Cleanup {
  after(clean: () => Promise<void>): void
}

const starters = new Set<() => Promise<void>>()

/** A directory that every user can enter. At the end starters end first, then every server with data in it. */
export function temporaryDirectory(context: Cleanup): string {
  const directory = mkdtempSync(join(realpathSync(tmpdir()), 'baton-postgres-test-'))
  chmodSync(directory, 0o755)
  context.after(async () => {
    for (const kill of starters) await kill()
    for (const file of globSync('**/postmaster.pid', { cwd: directory }))
      await killServerOf(join(directory, dirname(file)))
    rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  })
  return directory
}

export const pidOf = (dataDirectory: string): number | undefined => {
  const file = readPostmasterFile(dataDirectory)
  return typeof file === 'object' ? file.pid : undefined
}

async function killServerOf(dataDirectory: string): Promise<void> {
  const pid = pidOf(dataDirectory)
  if (pid === undefined || identifyProcess(pid, dataDirectory) !== 'postmaster') return
  await killAndWait(pid)
}

/** Kills a process, also one that is stopped, and waits until it is gone or a zombie. */
export async function killAndWait(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL')
  await until(() => {
    const { stdout } = spawnSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' })
    return /^(Z|$)/.test(stdout.trim())
  }, `process ${pid} ends`)
}

export async function until(
  holds: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 15_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain until ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** One statement in a connection of its own. */
export async function query(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows
  } finally {
    await client.end()
  }
}

export interface Starter {
  readonly process: ChildProcess
  readonly pid: number
  /** What `startCluster` gave in that process, or its error. */
  readonly result: Promise<{ pid: number; port: number; adopted: boolean; adminUrl: string; error?: string }>
  kill(): Promise<void>
}

const STARTER = `
  const [module, directory, binaries] = process.argv.slice(1)
  const { startCluster } = await import(module)
  const { pino } = await import('pino')
  setInterval(() => {}, 1000)
  const options = { directory, binaries: JSON.parse(binaries), log: pino({ level: 'silent' }) }
  console.log(JSON.stringify(await startCluster(options).catch((error) => ({ error: error.message }))))
`

/** Calls `startCluster` in a process of its own, which is also the leader of a process group. */
export function startInProcess(directory: string, binaries: Binaries): Starter {
  const module = new URL('start-cluster.ts', import.meta.url).href
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      '--input-type=module',
      '-e',
      STARTER,
      module,
      directory,
      JSON.stringify(binaries),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'], detached: true, cwd: import.meta.dirname },
  )
  const exit = once(child, 'exit')
  const kill = async (): Promise<void> => {
    starters.delete(kill)
    child.kill('SIGKILL')
    await exit
  }
  starters.add(kill)
  const result = new Promise<Awaited<Starter['result']>>((resolve, reject) => {
    child.stdout.once('data', (line: Buffer) => resolve(JSON.parse(line.toString())))
    child.once('exit', () => reject(new Error('the starter ended before it had a result')))
  })
  result.catch(() => {}) // a test that kills the starter does not wait for it
  if (child.pid === undefined) throw new Error('the starter has no process')
  return { process: child, pid: child.pid, result, kill }
}
