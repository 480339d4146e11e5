// Programs as real processes, to be killed. Whoever spawns them ends them, each by its id.
import { spawn, type ChildProcess } from 'node:child_process'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')
const started = new Set<ChildProcess>()

export type ProgramName = 'gateway' | 'service' | 'sandbox' | 'fault-proxy'

export interface Program {
  readonly pid: number
  /** Sends the signal, SIGKILL by default, and resolves when the process is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** Sends the signal and waits for nothing. */
  signal(signal: NodeJS.Signals): void
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>
  readonly output: () => string
}

export interface ProgramOptions {
  readonly name: ProgramName
  readonly settings: Readonly<Record<string, string>>
  readonly healthUrl: string
  /** Whether an answer that says "not well" will do: it listens. */
  readonly isListeningEnough?: boolean
  /** Where the code is: this package, unless another version of it is to run. */
  readonly root?: string
  readonly boundMs?: number
}

/** Starts a file of bin/ with these settings and waits until `healthUrl` answers. */
export async function spawnProgram(options: ProgramOptions): Promise<Program> {
  const { name, settings, healthUrl, isListeningEnough = false, root = ROOT, boundMs = 30_000 } = options
  const { BATON_TEST_ADMIN_URL: _, ...environment } = process.env
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(root, 'bin', `${name}.ts`)],
    { env: { ...environment, ...settings }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const program = follow(child)
  const end = performance.now() + boundMs
  for (;;) {
    if (hasEnded(child)) throw new Error(`${name} ended with ${child.exitCode}: ${program.output()}`)
    const isHealthy = await fetch(healthUrl, { signal: AbortSignal.timeout(2_000) }).then(
      (response) => response.ok || isListeningEnough,
      () => false,
    )
    // Another process may answer there: this one has to live.
    if (isHealthy && !hasEnded(child)) return program
    if (performance.now() > end) {
      await program.kill()
      throw new Error(`${name} is not healthy: ${program.output()}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
}

function follow(child: ChildProcess): Program {
  const tail: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (data: Buffer) => {
      tail.push(data.toString())
      if (tail.length > 200) tail.shift()
    })
  }
  started.add(child)
  const ended = new Promise<number | NodeJS.Signals>((resolve) =>
    child.once('exit', (code, signal) => {
      started.delete(child)
      resolve(signal ?? code ?? 0)
    }),
  )
  return {
    pid: child.pid ?? 0,
    ended,
    output: () => tail.join(''),
    signal: (signal) => void child.kill(signal),
    async kill(signal = 'SIGKILL') {
      if (hasEnded(child)) return
      child.kill(signal)
      await ended
    },
  }
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

/** Kills every program that still runs. */
export function killPrograms(): void {
  for (const child of started) child.kill('SIGKILL')
}

/** Ports that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer()
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
