import type { Logger } from 'pino'
import { openDatabase } from '../db/database.ts'
import { requireDurableServer } from '../db/durability.ts'
import { openPeer, type HttpPeer } from '../http/exchange.ts'
import { signedPeer } from '../http/signature.ts'
import type { RunningProgram } from '../process/running-program.ts'
import { assembleService, type ServiceSettings } from './assemble.ts'
import { createServiceServer } from './http.ts'
import { createServiceMetrics } from './metrics.ts'
import type { OpenProviders } from './providers.ts'
import { addReceiptRoutes } from './receipt-routes.ts'
import { addResolutionRoute } from './resolution-route.ts'

export interface ServiceConfig extends ServiceSettings {
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  readonly databaseUrl: string
  readonly connectionsMax: number
  /** Shared with the gateway, which signs its calls; null: every caller is trusted. */
  readonly secret: string | null
  /** Origin of the gateway, which is told what became of messages; null: nobody is told. */
  readonly gatewayUrl: string | null
  /** Origin under which vendors reach this service with receipts; null: the one their requests name. */
  readonly publicUrl: string | null
}

const REPORT_CONNECTIONS = 2

/** The messaging service: accepts, dispatches, flags, settles doubts, takes receipts and reports. */
export async function startService(
  config: ServiceConfig,
  openProviders: OpenProviders,
  log: Logger,
): Promise<RunningProgram> {
  const database = openDatabase({
    url: config.databaseUrl,
    name: 'baton service',
    connectionsMax: config.connectionsMax,
    connectTimeoutMs: 2_000,
    statementTimeoutMs: 5_000,
    onError: (err) => log.warn({ err }, 'database connection lost'),
  })
  await requireDurableServer(database, 'messaging')

  const gateway = openGateway(config)
  const service = await assembleService(config, { database, openProviders, gateway, log })
  const { answer, dispatcher, matching, vendors, counters, takeTexts } = service
  const server = createServiceServer({
    database,
    answer,
    extend: (extended) => {
      const routes = { database, providers: vendors, publicUrl: config.publicUrl, counters, takeTexts, log }
      addReceiptRoutes(extended, { ...routes, onStored: () => matching.wake() })
      addResolutionRoute(extended, database, () => dispatcher.wake())
    },
    log,
    secret: config.secret,
    metrics: createServiceMetrics(database, () => dispatcher.inFlight, counters.values),
  })

  const url = await server.listen({ host: config.host, port: config.port })
  log.info({ url, providers: vendors.map(({ name }) => name) }, 'messaging service is up')
  return {
    url,
    async stop() {
      await server.close()
      await service.stop()
      await database.close()
      log.info({ counters: counters.values() }, 'messaging service has stopped')
    },
  }
}

function openGateway({ gatewayUrl, secret }: ServiceConfig): HttpPeer | undefined {
  if (gatewayUrl === null) return undefined
  const peer = openPeer(gatewayUrl, REPORT_CONNECTIONS)
  return secret === null ? peer : signedPeer(peer, secret)
}
