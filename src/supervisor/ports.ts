import { once } from 'node:events'
import { createServer } from 'node:net'
import { UpFailure } from './up-failure.ts'

// Below the ranges that systems give to outgoing connections (Linux from 32768, others from 49152), so that
// nobody gets the port of a child while it is being restarted.
const LEAST = 15_000
const MOST = 32_000
const ATTEMPTS_MAX = 200

export type PortState = 'free' | 'taken' | 'not_allowed' | 'no_such_address'

export async function probePort(host: string, port: number): Promise<PortState> {
  const server = createServer()
  try {
    server.listen({ host, port, exclusive: true })
    await once(server, 'listening')
    return 'free'
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EADDRINUSE') return 'taken'
    if (code === 'EACCES' || code === 'EPERM') return 'not_allowed'
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'no_such_address'
    throw error
  } finally {
    if (server.listening) {
      server.close()
      await once(server, 'close')
    }
  }
}

/** What a port is for: the program and the setting that names it. */
export interface PortUse {
  readonly program: string
  readonly setting: string
  /** 0: any. */
  readonly port: number
}

/** The same uses, each with a port that is free. Throws UpFailure for the first that is not to be had. */
export async function choosePorts<Name extends string>(
  host: string,
  uses: Readonly<Record<Name, PortUse>>,
): Promise<Record<Name, PortUse>> {
  const chosen: Record<Name, PortUse> = { ...uses }
  // First those that were asked for: a picked one must not be among them.
  const names = (Object.keys(uses) as Name[]).sort((one, other) => rank(uses[one]) - rank(uses[other]))
  const taken = new Set<number>()
  for (const name of names) {
    const use = uses[name]
    const port = use.port === 0 ? await pickFreePort(host, taken) : await requireFree(host, use)
    if (taken.has(port)) throw portProblem(use, host, 'is given to two programs')
    taken.add(port)
    chosen[name] = { ...use, port }
  }
  return chosen
}

const rank = ({ port }: PortUse): number => (port === 0 ? 1 : 0)

async function requireFree(host: string, use: PortUse): Promise<number> {
  const state = await probePort(host, use.port)
  if (state === 'taken') throw portTaken(use, host)
  if (state === 'not_allowed') throw portProblem(use, host, 'may not be used by this user')
  if (state === 'no_such_address') {
    throw new UpFailure(`listen on ${host}: this machine has no such address: set BATON_HOST to another`)
  }
  return use.port
}

export const portTaken = (use: PortUse, host: string): UpFailure =>
  portProblem(use, host, 'is taken by another process')

function portProblem({ program, setting, port }: PortUse, host: string, why: string): UpFailure {
  return new UpFailure(
    `start the ${program}: port ${port} on ${host} ${why}: ` +
      `set ${setting} to another port (0 picks a free one), or free this one`,
  )
}

async function pickFreePort(host: string, except: ReadonlySet<number>): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const port = LEAST + Math.floor(Math.random() * (MOST - LEAST))
    if (except.has(port)) continue
    const state = await probePort(host, port)
    if (state === 'free') return port
    if (state === 'no_such_address') break
  }
  throw new UpFailure(`pick a free port on ${host}: none found: set BATON_HOST to an address of this machine`)
}
