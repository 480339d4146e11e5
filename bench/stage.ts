import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import pg from 'pg'
import { startCluster } from '../src/postgres/start-cluster.ts'
import { freePort, startChild, untilHealthy, type Child } from './child.ts'
import type { LoadOrder, LoadResult } from './load-order.ts'

/** What all systems under test share: one PostgreSQL server, one carrier, one source of load. */
export interface Stage {
  readonly adminUrl: string
  readonly postgresPid: number
  readonly sandboxUrl: string
  readonly sandboxPid: number
  readonly loadPid: number
  /** Starts a program that serves HTTP, and waits until it is healthy. */
  serve(file: string, portName: string, environment: Readonly<Record<string, string>>): Promise<Served>
  /** Runs a load and resolves with what the generator saw. */
  load(order: LoadOrder): Promise<LoadResult>
  /** For what else a benchmark opens: runs before everything stops. */
  onClose(close: () => Promise<void>): void
  close(): Promise<void>
}

export interface Served extends Child {
  readonly url: string
}

const log = pino({ level: 'warn' }, pino.destination(2))

/** Starts it all in a new temporary directory; nothing is left when it fails. */
export async function openStage(
  progress: (text: string) => void,
  profileDirectory: string | undefined,
): Promise<Stage> {
  const profiling = profileDirectory === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDirectory}`]
  const closers: (() => Promise<void>)[] = []
  async function close(): Promise<void> {
    for (const closer of closers.splice(0).toReversed())
      await closer().catch((error: unknown) => console.error('bench: cannot clean up:', error))
  }
  try {
    progress('starting a private PostgreSQL, the carrier sandbox and the load generator')
    const directory = mkdtempSync(join(realpathSync(tmpdir()), 'baton-bench-'))
    chmodSync(directory, 0o755)
    closers.push(async () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }))
    // The server's own home beside it, so that root may move it within the directory.
    const cluster = await startCluster({
      directory: join(directory, 'postgres'),
      movedParent: directory,
      log,
    })
    closers.push(async () => void (await cluster.stop()))
    const serve = async (file: string, portName: string, environment: Readonly<Record<string, string>>) => {
      const port = await freePort()
      const settings = { BATON_LOG_LEVEL: 'warn', ...environment, [portName]: String(port) }
      const child = startChild(file, settings, profiling)
      closers.push(() => child.stop())
      const url = `http://127.0.0.1:${port}`
      await untilHealthy(child, url)
      return { ...child, url }
    }
    const sandbox = await serve('bin/sandbox.ts', 'BATON_SANDBOX_PORT', {
      BATON_SANDBOX_LOG: join(directory, 'carrier.jsonl'),
    })
    const generator = startChild('bench/load-generator.ts')
    closers.push(() => generator.stop())
    return {
      adminUrl: cluster.adminUrl,
      postgresPid: cluster.pid,
      sandboxUrl: sandbox.url,
      sandboxPid: sandbox.pid,
      loadPid: generator.pid,
      serve,
      load: (order) => giveOrder(generator, order),
      onClose: (closer) => void closers.push(closer),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

function giveOrder({ process }: Child, order: LoadOrder): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const onExit = (): void => reject(new Error('load generator: it ended before it had a result'))
    process.once('exit', onExit)
    process.once('message', (answer: { result: LoadResult } | { error: string }) => {
      process.off('exit', onExit)
      if ('result' in answer) resolve(answer.result)
      else reject(new Error(`load generator: ${answer.error}`))
    })
    process.send(order)
  })
}

/** One connection to the server or to one of its databases, as the superuser. */
export async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'baton bench' })
  await client.connect()
  return client
}
