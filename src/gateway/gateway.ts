import type { Logger } from 'pino'
import { openDatabase, type Database } from '../db/database.ts'
import { requireDurableServer } from '../db/durability.ts'
import type { RunningProgram } from '../process/running-program.ts'
import type { Server } from '../http/server.ts'
import { createAuthenticate, type Authenticate } from './authenticate.ts'
import { GATEWAY_CONNECTIONS, startModeAcknowledger } from './acknowledge-modes.ts'
import type { GatewayConfig } from './config.ts'
import { createEnter } from './enter.ts'
import { createFinish } from './finish-request.ts'
import { createRequestHandler } from './handle-request.ts'
import { createGatewayServer } from './http.ts'
import { createInDoubt } from './in-doubt.ts'
import { addInDoubtRoutes } from './in-doubt-routes.ts'
import { createGatewayLedger, type GatewayLedger } from './ledger.ts'
import type { LegacyDriver } from './legacy-driver.ts'
import { readMessageHistory } from './message-history.ts'
import { addModeRoutes } from './mode-routes.ts'
import { viewModes } from './mode-store.ts'
import { addOperatorRoutes } from './operator-routes.ts'
import { announcePresence, type Presence } from './presence.ts'
import { createRecordAnswer, type Answered } from './record-answer.ts'
import { createRepeatRequest } from './repeat-request.ts'
import { readRequest, takeOver } from './request-store.ts'
import { createSending, type Sending } from './sending.ts'
import { startSettler } from './settler.ts'
import { addStatusReports } from './status-reports.ts'
import { readStatus, type GatewayStatus } from './status.ts'

const LEFT_GRACE_MS = 2_000
const DAY_MS = 86_400_000

interface Parts {
  readonly config: GatewayConfig
  readonly log: Logger
  readonly legacyDatabase: Database
  readonly ledgerDatabase: Database
  readonly ledger: GatewayLedger
  readonly sending: Sending
  readonly presence: Presence
  readonly driver: LegacyDriver
  readonly record: (answered: Answered) => Promise<void>
  readonly inProgress: Set<string>
}

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
  const parts = await assemble(config, driver, log)
  const { legacyDatabase, ledgerDatabase, sending, presence } = parts
  const server = createServer(parts, extend)
  const settler = createSettler(parts)
  const acknowledger = startModeAcknowledger({ database: legacyDatabase, presence, log })
  const url = await server.listen({ host: config.host, port: config.port })
  log.info({ url, driver: driver.name }, 'gateway is up')
  return {
    url,
    async stop() {
      await server.close()
      await Promise.all([settler.stop(), acknowledger.stop()])
      await sending.close()
      await presence.close()
      await Promise.all([legacyDatabase.close(), ledgerDatabase.close()])
      log.info('gateway has stopped')
    },
  }
}

async function assemble(config: GatewayConfig, driver: LegacyDriver, log: Logger): Promise<Parts> {
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
  const ledger = createGatewayLedger(ledgerDatabase, driver.name, config.ledgerDeadlineMs)
  return {
    config,
    log,
    legacyDatabase,
    ledgerDatabase,
    ledger,
    driver,
    sending: createSending(config, ledger, legacyDatabase, driver, log),
    presence: await announcePresence(legacyDatabase, log),
    record: createRecordAnswer(legacyDatabase, config.entryDeadlineMs),
    inProgress: new Set(),
  }
}

function createServer(parts: Parts, extend: (extension: Extension) => void) {
  const { config, log, legacyDatabase, ledgerDatabase, ledger, sending, presence, record, inProgress } = parts
  const finish = createFinish(
    sending.control,
    (messageUuids) => sending.legacy.settled(messageUuids),
    record,
    log,
  )
  const repeat = createRepeatRequest({
    findRequest: (requestId, tenant, key) => readRequest(legacyDatabase, requestId, tenant, key),
    takeOver: (requestId, from) => takeOver(legacyDatabase, requestId, from, presence.owner),
    readLedger: ledger.read,
    finish,
    presence,
    inProgress,
    log,
  })
  const { entryDeadlineMs, scheduleDaysMax } = config
  const enter = createEnter(legacyDatabase, () => presence.owner, entryDeadlineMs, scheduleDaysMax * DAY_MS)
  const isKnown = async (tenant: string, key: string) =>
    (await readRequest(legacyDatabase, null, tenant, key)) !== undefined
  const authenticate = createAuthenticate(legacyDatabase)
  const history = (messageUuid: string, tenant: string | null) =>
    readMessageHistory(legacyDatabase, ledgerDatabase, messageUuid, tenant)
  const server = createGatewayServer({
    log,
    authenticate,
    handle: createRequestHandler({ enter, finish, repeat, isKnown, scheduleDaysMax, inProgress }),
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

function createSettler(parts: Parts) {
  const { config, log, legacyDatabase, ledgerDatabase, ledger, sending, presence, record, inProgress } = parts
  return startSettler({
    left: {
      database: legacyDatabase,
      presence,
      inProgress,
      readLedger: ledger.read,
      giveUp: ledger.giveUp,
      record,
      graceMs: LEFT_GRACE_MS,
      keyedGraceMs: config.keyedGraceMs,
      log,
    },
    unresolved: {
      legacyDatabase,
      ledgerDatabase,
      readLedger: ledger.read,
      claimForLegacy: ledger.claimForLegacy,
      giveUp: ledger.giveUp,
      legacy: sending.legacy,
      provider: parts.driver.name,
      record,
      wantedMs: config.wantedMs,
      ledgerDeadlineMs: config.ledgerDeadlineMs,
      log,
    },
    handedBack: {
      legacyDatabase,
      ledgerDatabase,
      legacy: sending.legacy,
      provider: parts.driver.name,
      record,
      ledgerDeadlineMs: config.ledgerDeadlineMs,
      log,
    },
    due: {
      legacyDatabase,
      ledgerDatabase,
      readLedger: ledger.read,
      legacy: sending.legacy,
      provider: parts.driver.name,
      record,
      ledgerDeadlineMs: config.ledgerDeadlineMs,
      log,
    },
    legacyDatabase,
    ledgerDatabase,
    inDoubtAfterMs: config.inDoubtAfterMs,
    log,
  })
}
