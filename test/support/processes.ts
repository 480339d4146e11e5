// Programs as real processes, to be killed. Every one is stopped by its id, also when a test fails.
import { spawn, type ChildProcess } from 'node:child_process'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after } from 'node:test'

const root = join(import.meta.dirname, '..', '..')

// At the top of the file, so that it belongs to the whole file and not to the test that starts a program.
const started = new Set<ChildProcess>()
after(() => {
  for (const child of started) child.kill('SIGKILL')
})

export interface Program {
  readonly pid: number
  /** Kills it hard and resolves when it is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>
  readonly output: () => string
}

/** Starts a file of bin/ with these settings and waits until `healthUrl` answers 200. */
export async function startProgram(
  name: 'gateway' | 'service' | 'sandbox' | 'fault-proxy',
  settings: Readonly<Record<string, string>>,
  healthUrl: string,
): Promise<Program> {
  const { BATON_TEST_ADMIN_URL: _, ...environment } = process.env
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(root, 'bin', `${name}.ts`)],
    {
      env: { ...environment, ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const tail: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => {
      tail.push(data.toString())
      if (tail.length > 200) tail.shift()
    })
  }
  started.add(child)
  const program = {
    pid: child.pid ?? 0,
    output: () => tail.join(''),
    kill: (signal?: NodeJS.Signals) => end(child, signal),
  }
  const boundMs = Date.now() + 30_000
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}: ${program.output()}`)
    const isHealthy = await fetch(healthUrl).then(
      (response) => response.ok,
      () => false,
    )
    if (isHealthy) return program
    if (Date.now() > boundMs) throw new Error(`${name} is not healthy: ${program.output()}`)
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill(signal)
  await gone
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
