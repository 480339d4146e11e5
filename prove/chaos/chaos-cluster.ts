// A PostgreSQL of one's own, to be crashed: it comes back at the same address with what it had promised to keep.
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import pg from 'pg'
import { readPostmasterFile } from '../../src/postgres/postmaster-file.ts'
import { identifyProcess } from '../../src/postgres/identify-process.ts'
import { startCluster, type Cluster } from '../../src/postgres/start-cluster.ts'
import type { ServerSettings } from '../../src/postgres/server-settings.ts'
import { pause } from './seeded.ts'

/** immediate: as `pg_ctl stop -m immediate`; kill_all: SIGKILL of the postmaster and all its children. */
export type CrashKind = 'immediate' | 'kill_all' | 'kill_backend'

export interface ChaosCluster {
  readonly adminUrl: string
  readonly port: number
  readonly dataDirectory: string
  readonly folder: string
  /** Ends the server as a crash does, and starts it again on what is on the disk. */
  crash(kind: CrashKind): Promise<void>
  /** The same, without starting it again. */
  destroy(kind: Exclude<CrashKind, 'kill_backend'>): Promise<void>
  start(): Promise<void>
  /** One statement as superuser, in a connection of its own. */
  ask<Row>(text: string): Promise<Row[]>
  stop(): Promise<void>
}

const STATEMENT_TIMEOUT_MS = 60_000

export async function startChaosCluster(
  port: number,
  settings: ServerSettings = {},
  name = 'chaos',
): Promise<ChaosCluster> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), `baton-${name}-`))
  chmodSync(folder, 0o755)
  const directory = join(folder, 'postgres')
  mkdirSync(directory)
  const log = pino({ level: 'silent' })
  const open: Cluster[] = []
  const start = async () => {
    open.push(await startCluster({ directory, port, log, settings }))
  }
  await start()
  const [first] = open
  if (!first) throw new Error('chaos cluster: did not start')
  const { adminUrl, dataDirectory } = first

  async function destroy(kind: Exclude<CrashKind, 'kill_backend'>): Promise<void> {
    const file = readPostmasterFile(dataDirectory)
    if (typeof file === 'string' || identifyProcess(file.pid, dataDirectory) !== 'postmaster') return
    const children = childrenOf(file.pid)
    // Children first would only make the postmaster recover by itself.
    process.kill(file.pid, kind === 'immediate' ? 'SIGQUIT' : 'SIGKILL')
    if (kind === 'kill_all') for (const child of children) killIfThere(child)
    for (let left = 400; left > 0; left--) {
      if ([file.pid, ...children].every(isGone)) return
      await pause(25)
    }
    throw new Error(`chaos cluster: process ${file.pid} does not end`)
  }

  return {
    adminUrl,
    port,
    dataDirectory,
    folder,
    destroy,
    start,
    async crash(kind) {
      if (kind === 'kill_backend') {
        // The postmaster takes the loss of one backend for damaged memory and recovers from the disk.
        const file = readPostmasterFile(dataDirectory)
        const [backend] = typeof file === 'string' ? [] : childrenOf(file.pid, 'baton')
        if (backend !== undefined) killIfThere(backend)
        return
      }
      await destroy(kind)
      await start()
    },
    ask: (text) => askOnce(adminUrl, text),
    async stop() {
      for (const cluster of open) await cluster.stop()
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
    },
  }
}

/** One statement in a connection of its own. */
export async function askOnce<Row>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 10_000,
    query_timeout: STATEMENT_TIMEOUT_MS,
    application_name: 'chaos',
    types: bigintAsNumber,
  })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(text)).rows as Row[]
  } finally {
    await client.end()
  }
}

const bigintAsNumber = new pg.TypeOverrides()
bigintAsNumber.setTypeParser(pg.types.builtins.INT8, Number)

/** Pids of the server's processes; of backends of a role alone, where `role` is given. */
function childrenOf(pid: number, role = ''): number[] {
  const listing = execFileSync('ps', ['-ww', '-eo', 'pid=,ppid=,command='], { encoding: 'utf8' })
  return listing.split('\n').flatMap((line) => {
    const [, child, parent, command = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? []
    return Number(parent) === pid && command.includes(role) ? [Number(child)] : []
  })
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

function isGone(pid: number): boolean {
  const state = (() => {
    try {
      return execFileSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' }).trim()
    } catch {
      return ''
    }
  })()
  return state === '' || state.startsWith('Z')
}
