import type { Logger } from 'pino'
import { openDatabase, type Database } from '../db/database.ts'
import { requireDurableServer } from '../db/durability.ts'
import { openPeer, type HttpPeer } from '../http/exchange.ts'
import type { Server } from '../http/server.ts'
import { signedPeer } from '../http/signature.ts'
import type { RunningProgram } from '../process/running-program.ts'
import { assembleGateway, type AssembledGateway, type GatewayPorts } from './assemble.ts'
import { createAuthenticate, type Authenticate } from './authenticate.ts'
import { GATEWAY_CONNECTIONS, startModeAcknowledger } from './acknowledge-modes.ts'
import type { GatewayConfig } from './config.ts'
import { createGatewayServer } from './http.ts'
import { createInDoubt } from './in-doubt.ts'
import { addInDoubtRoutes } from './in-doubt-routes.ts'
import type { LegacyDriver } from './legacy-driver.ts'
import { readMessageHistory } from './message-history.ts'
import { addModeRoutes } from './mode-routes.ts'
import { viewModes } from './mode-store.ts'
import { addOperatorRoutes } from './operator-routes.ts'
import { addStatusReports } from './status-reports.ts'
import { readStatus, type GatewayStatus } from './status.ts'

const SERVICE_CONNECTIONS_MAX = 8

/** What may be added to the gateway's server before it listens. */
export interface Extension {
  readonly server: Server
  readonly authenticate: Authenticate
  readonly legacyDatabase: Database
  readonly readStatus: () => Promise<GatewayStatus>
}

/** The gateway: the entry, the mode, `sms_logs`, quota and the legacy driver. */
export async function startGateway(
  config: GatewayConfig,
  driver: LegacyDriver,
  log: Logger,
  extend: (extension: Extension) => void = () => {},
): Promise<RunningProgram> {
  const ports = await openPorts(config, driver, log)
  const { legacyDatabase, ledgerDatabase } = ports
  const gateway = await assembleGateway(config, ports)
  const server = createServer(config, ports, gateway, extend)
  const settler = gateway.startSettler()
  const acknowledger = startModeAcknowledger({ database: legacyDatabase, presence: gateway.presence, log })
  const url = await server.listen({ host: config.host, port: config.port })
  log.info({ url, driver: driver.name }, 'gateway is up')
  return {
    url,
    async stop() {
      await server.close()
      await Promise.all([settler.stop(), acknowledger.stop()])
      await gateway.close()
      await Promise.all([legacyDatabase.close(), ledgerDatabase.close()])
      log.info('gateway has stopped')
    },
  }
}

async function openPorts(config: GatewayConfig, driver: LegacyDriver, log: Logger): Promise<GatewayPorts> {
  const open = (url: string, name: string) =>
    openDatabase({
      url,
      name,
      connectionsMax: config.connectionsMax,
      connectTimeoutMs: 2_000,
      statementTimeoutMs: 5_000,
      onError: (err) => log.warn({ err }, 'database connection lost'),
    })
  const legacyDatabase = open(config.legacyDatabaseUrl, GATEWAY_CONNECTIONS)
  const ledgerDatabase = open(config.ledgerDatabaseUrl, 'baton gateway ledger')
  await requireDurableServer(legacyDatabase, 'legacy')
  await requireDurableServer(ledgerDatabase, 'messaging')
  return { legacyDatabase, ledgerDatabase, driver, openService: () => openService(config), log }
}

function openService({ serviceUrl, serviceSecret }: GatewayConfig): HttpPeer {
  const peer = openPeer(serviceUrl, SERVICE_CONNECTIONS_MAX)
  return serviceSecret === null ? peer : signedPeer(peer, serviceSecret)
}

function createServer(
  config: GatewayConfig,
  { legacyDatabase, ledgerDatabase, log }: GatewayPorts,
  { handle, sending, inProgress }: AssembledGateway,
  extend: (extension: Extension) => void,
) {
  const authenticate = createAuthenticate(legacyDatabase)
  const history = (messageUuid: string, tenant: string | null) =>
    readMessageHistory(legacyDatabase, ledgerDatabase, messageUuid, tenant)
  const server = createGatewayServer({
    log,
    authenticate,
    handle,
    history,
    ping: async () => {
      await viewModes(legacyDatabase)
    },
    recipientsMax: config.recipientsMax,
  })
  const status = () =>
    readStatus(legacyDatabase, ledgerDatabase, {
      breaker: sending.breaker.state,
      shadow: sending.shadow.counts,
      requests_in_progress: inProgress.size,
    })
  addOperatorRoutes(server, {
    authenticate,
    history,
    readStatus: status,
  })
  addModeRoutes(server, { authenticate, legacyDatabase, ledgerDatabase })
  const inDoubt = createInDoubt(legacyDatabase, ledgerDatabase, sending.service)
  addInDoubtRoutes(server, authenticate, inDoubt, ledgerDatabase)
  addStatusReports(server, legacyDatabase, config.serviceSecret)
  extend({ server, authenticate, legacyDatabase, readStatus: status })
  return server
}
