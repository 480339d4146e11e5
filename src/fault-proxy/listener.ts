import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import type { Logger } from 'pino'

const KEEP_ALIVE_PROBE_MS = 15_000

export interface Listener {
  /** Resolves when connects are taken; rejects when the port is not to be had. No effect when open. */
  readonly open: () => Promise<void>
  /** Resolves when connects are refused. `closeConnections` has to end the connections that are open. */
  readonly close: (closeConnections: () => void) => Promise<void>
  readonly port: () => number
}

interface ListenerOptions {
  readonly host: string
  readonly port: number
  readonly onConnection: (client: Socket) => void
  readonly log: Logger
}

/** A listening socket that can go and come back on the port it first got. */
export function createListener({ host, port, onConnection, log }: ListenerOptions): Listener {
  // The probes notice clients that left without a word, whom nothing else would ever end.
  const server = createServer(
    { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_PROBE_MS },
    onConnection,
  )
  server.on('error', (error) => log.warn({ err: error }, 'cannot listen or accept'))
  let bound = port
  const open = async (): Promise<void> => {
    if (server.listening) return
    server.listen({ host, port: bound })
    await once(server, 'listening') // rejects on 'error'
    bound = (server.address() as AddressInfo).port
  }
  const close = async (closeConnections: () => void): Promise<void> => {
    const closed = server.listening ? once(server, 'close') : Promise.resolve()
    if (server.listening) server.close()
    closeConnections()
    await closed
  }
  return { open, close, port: () => bound }
}
