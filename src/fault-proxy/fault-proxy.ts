import type { AddressInfo, Socket } from 'node:net'
import type { Logger } from 'pino'
import { addControlRoutes, type Applied } from './control-routes.ts'
import { newCounters } from './counters.ts'
import type { FaultSetting } from './fault-setting.ts'
import { createServer } from '../http/server.ts'
import { createListener } from './listener.ts'
import { proxyConnection, type ProxiedConnection, type Upstream } from './proxied-connection.ts'

const BODY_BYTES_MAX = 64 * 1024
/** When the port cannot be had again at once. */
const END_AGAIN_MS = 500

export interface FaultProxyOptions {
  readonly host: string
  /** 0 picks a free one; so for `controlPort`. */
  readonly port: number
  readonly controlPort: number
  readonly upstream: Upstream
  readonly log: Logger
}

export interface FaultProxy {
  readonly port: number
  readonly controlPort: number
  /** Resets what is still open. */
  readonly close: () => Promise<void>
}

/** A TCP proxy that does harm on demand, so that what it stands between needs no test hook. */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const { host, controlPort, log } = options
  const { listener, apply, setting, counters, resetAll, forget } = createProxy(options)
  const app = createServer({ log, bodyBytesMax: BODY_BYTES_MAX, cutsOnClose: true })
  addControlRoutes(app, { apply, setting, counters })
  await listener.open()
  try {
    await app.listen({ host, port: controlPort })
  } catch (error) {
    await listener.close(resetAll)
    throw error
  }
  return {
    port: listener.port(),
    controlPort: (app.server.address() as AddressInfo).port,
    close: async () => {
      forget()
      await app.close()
      await listener.close(resetAll)
    },
  }
}

function createProxy({ host, port, upstream, log }: FaultProxyOptions) {
  const connections = new Set<ProxiedConnection>()
  const counters = newCounters()
  let setting: FaultSetting = {}

  const onConnection = (client: Socket): void => {
    const onClosed = (): void => {
      connections.delete(connection)
      counters.open_connections--
    }
    const connection = proxyConnection(client, { upstream, setting: () => setting, counters, onClosed })
    connections.add(connection)
    counters.connections++
    counters.open_connections++
  }
  const listener = createListener({ host, port, onConnection, log })
  const resetAll = (): void => connections.forEach((connection) => connection.reset())

  const applyNow = async (wanted: FaultSetting): Promise<Applied> => {
    if (wanted.refuse) {
      setting = wanted
      await listener.close(resetAll)
    } else {
      try {
        await listener.open()
      } catch (error) {
        const detail = `cannot listen again on port ${listener.port()}: ${String(error)}: free it and try again`
        return { kind: 'port_taken', detail }
      }
      setting = wanted
      for (const connection of connections) connection.settingChanged()
    }
    log.info({ faults: setting }, 'faults set')
    return { kind: 'applied', setting }
  }
  // One after the other: closing and opening the listener takes time, and the last setting must win.
  let last: Promise<unknown> = Promise.resolve()
  let ending: NodeJS.Timeout | undefined
  const forget = (): void => clearTimeout(ending)
  const apply = (wanted: FaultSetting): Promise<Applied> => {
    // What is set now is not to be ended by the end of what was set before.
    forget()
    if (wanted.for_ms !== undefined) ending = setTimeout(end, wanted.for_ms)
    const applied = last.then(() => applyNow(wanted))
    last = applied.catch(() => {})
    return applied
  }
  const end = (): void => {
    log.warn({ faults: setting }, 'faults end: their time is over')
    void apply({}).then(({ kind }) => {
      if (kind === 'port_taken') ending = setTimeout(end, END_AGAIN_MS)
    })
  }
  return { listener, apply, setting: () => setting, counters, resetAll, forget }
}
