import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const root = join(import.meta.dirname, '..')
const STOP_MAX_MS = 8_000
const START_MAX_MS = 20_000

/** A process that the bench has started. */
export interface Child {
  readonly process: ChildProcess
  readonly pid: number
  /** Stops it by its id, in order and then by force; idempotent. */
  stop(): Promise<void>
}

/**
 * Starts a program of this package with nothing of this process' environment but PATH. It holds a channel to
 * this process and ends when that is gone.
 */
export function startChild(
  file: string,
  environment: Readonly<Record<string, string>> = {},
  nodeOptions: readonly string[] = [],
): Child {
  const child = fork(join(root, file), {
    cwd: root,
    env: { PATH: process.env['PATH'], ...environment },
    execArgv: ['--disable-warning=ExperimentalWarning', ...nodeOptions],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const { pid } = child
  if (pid === undefined) throw new Error(`start ${file}: it has no process`)
  const exit = once(child, 'exit')
  return {
    process: child,
    pid,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGCONT') // a benchmark may have paused it
      child.kill('SIGTERM')
      const force = setTimeout(() => child.kill('SIGKILL'), STOP_MAX_MS)
      await exit
      clearTimeout(force)
    },
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error(`free port: no port: ${address}`)
  return address.port
}

/** Waits until a program answers its health check. */
export async function untilHealthy(child: Child, url: string): Promise<void> {
  const deadline = performance.now() + START_MAX_MS
  while (performance.now() < deadline) {
    if (child.process.exitCode !== null)
      throw new Error(`start of ${url}: it ended with ${child.process.exitCode}: its log is above`)
    const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(1_000) }).catch(
      () => undefined,
    )
    if (answer?.ok) return
    await sleep(50)
  }
  throw new Error(`start of ${url}: not healthy after ${START_MAX_MS} ms`)
}
