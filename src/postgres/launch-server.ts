import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, existsSync, openSync, renameSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { askServer } from './ask-server.ts'
import type { ClusterHome } from './cluster-home.ts'
import { serverEnvironment } from './server-environment.ts'
import { readPostmasterFile } from './postmaster-file.ts'
import { runAs } from './server-user.ts'
import { stopServer } from './stop-server.ts'
import { tailOf } from './tail.ts'

export type Launch =
  | { readonly kind: 'ready'; readonly pid: number; readonly adminUrl: string }
  | { readonly kind: 'port_taken' }
  /** Another server, or what is left of one that was killed, still holds the data directory. */
  | { readonly kind: 'data_in_use'; readonly logTail: string }
  | { readonly kind: 'failed'; readonly why: string; readonly logTail: string }

const POLL_MS = 25
const LOG_BYTES_MAX = 10 * 1024 * 1024

const PORT_TAKEN = /could not bind .*Address already in use|could not create any TCP\/IP sockets/
const DATA_IN_USE = /lock file "postmaster\.pid" already exists|pre-existing shared memory block/

export interface LaunchOptions {
  readonly home: ClusterHome
  /** The program to run. */
  readonly postgres: string
  readonly port: number
  /** Each as `name=value`. */
  readonly settings: readonly string[]
  /** Milliseconds since the epoch. */
  readonly deadline: number
}

/**
 * Starts a server and waits until it answers. It has a session of its own: an interrupt from the terminal,
 * which goes to a whole process group, must not stop it under programs that are still finishing.
 */
export async function launchServer({
  home,
  postgres,
  port,
  settings,
  deadline,
}: LaunchOptions): Promise<Launch> {
  const logStart = trimLog(home.serverLog)
  const descriptor = openSync(home.serverLog, 'a', 0o600)
  const child = spawn(
    postgres,
    ['-D', home.data, ...[`port=${port}`, ...settings].flatMap((setting) => ['-c', setting])],
    {
      cwd: '/',
      env: serverEnvironment(),
      detached: true,
      stdio: ['ignore', descriptor, descriptor],
      ...runAs(home.user),
    },
  )
  closeSync(descriptor)
  child.unref()
  const outcome = await waitUntilReady(child, home, port, deadline)
  if (outcome.kind === 'ready') return outcome
  const logTail = tailOf(home.serverLog, logStart)
  if (PORT_TAKEN.test(logTail)) return { kind: 'port_taken' }
  if (DATA_IN_USE.test(logTail)) return { kind: 'data_in_use', logTail }
  return { ...outcome, logTail }
}

type Waited = Extract<Launch, { kind: 'ready' }> | { readonly kind: 'failed'; readonly why: string }

async function waitUntilReady(
  child: ChildProcess,
  home: ClusterHome,
  port: number,
  deadline: number,
): Promise<Waited> {
  let failure: string | undefined
  child.once('error', (error) => (failure = `it cannot be run: ${error.message}`))
  child.once('exit', (code, signal) => (failure = `it ended with ${signal ?? `exit code ${code}`}`))
  let last = 'it is still starting'
  while (failure === undefined) {
    const { pid } = child
    const file = readPostmasterFile(home.data)
    if (pid !== undefined && typeof file === 'object' && file.pid === pid && file.status === 'ready') {
      const answer = await askServer(home, port)
      if (answer.kind === 'answers') return { kind: 'ready', pid, adminUrl: answer.adminUrl }
      last = `its last answer: ${answer.why}`
      if (answer.kind === 'stranger') failure = last
    }
    if (Date.now() >= deadline) failure = `it was not ready in time, ${last}`
    if (failure === undefined) await sleep(POLL_MS)
  }
  if (child.pid !== undefined)
    await stopServer({ pid: child.pid, dataDirectory: home.data, timeoutMs: 5_000 })
  child.kill('SIGKILL') // where it had not come far enough to be known as the server; else it has ended
  return { kind: 'failed', why: failure }
}

/** Keeps one log of before. Returns where the new lines will begin. */
function trimLog(file: string): number {
  if (!existsSync(file)) return 0
  const { size } = statSync(file)
  if (size <= LOG_BYTES_MAX) return size
  renameSync(file, `${file}.1`)
  return 0
}
