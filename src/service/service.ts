import type { Logger } from 'pino'
import { createClaims } from '../authority/claim.ts'
import { createDispatching } from '../authority/dispatch.ts'
import { flagOverdue } from '../authority/overdue.ts'
import { createSettling } from '../authority/settle.ts'
import { openDatabase, type Database } from '../db/database.ts'
import { requireDurableServer } from '../db/durability.ts'
import { openPeer } from '../http/exchange.ts'
import { signedPeer } from '../http/signature.ts'
import { repeat } from '../process/repeat.ts'
import type { RunningProgram } from '../process/running-program.ts'
import type { SmsProvider } from '../providers/provider.ts'
import type { Keywords } from '../sms/keyword.ts'
import { createAccept } from './accept.ts'
import { createCounters, type Counters } from './counters.ts'
import { startDispatcher } from './dispatcher.ts'
import { createForecast } from './forecast.ts'
import { createServiceServer } from './http.ts'
import { startInDoubtWorker } from './in-doubt.ts'
import type { OpenProviders } from './providers.ts'
import { createTakeTexts } from './inbound.ts'
import { addReceiptRoutes } from './receipt-routes.ts'
import { startReceiptMatching, type ReceiptMatching } from './receipt-matching.ts'
import { storeReceipts } from './receipts.ts'
import { startReporter } from './reporter.ts'
import { addResolutionRoute } from './resolution-route.ts'
import { createRouter } from './router.ts'
import { createServiceMetrics } from './metrics.ts'
import { createAttemptSettling } from './settle-attempt.ts'

export interface ServiceConfig {
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  readonly databaseUrl: string
  readonly connectionsMax: number
  /** How long an acceptance may take before it is answered as unresolved. */
  readonly acceptDeadlineMs: number
  /** A dispatch without an outcome for so long is flagged in doubt. Longer than any provider's timeout. */
  readonly inDoubtAfterMs: number
  /** Shared with the gateway, which signs its calls; null: every caller is trusted. */
  readonly secret: string | null
  /** Origin of the gateway, which is told what became of messages; null: nobody is told. */
  readonly gatewayUrl: string | null
  /** Origin under which vendors reach this service with receipts; null: the one their requests name. */
  readonly publicUrl: string | null
  /** Texts by which subscribers opt out, and in again. */
  readonly keywords: Keywords
}

const REAP_INTERVAL_MS = 1_000
const SETTLE_DEADLINE_MS = 15_000
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

  const counters = createCounters()
  const matching = startReceiptMatching(database, counters, log)
  const takeTexts = createTakeTexts(database, config.keywords, counters)
  const providers = openProviders({
    onReceipt: (provider) => async (receipt) => {
      counters.count('receipts_stored', await storeReceipts(database, provider, [receipt]))
      matching.wake()
    },
    onText: (provider) => (text) => takeTexts(provider, [text]),
    onProblem: (provider) => (what) => log.warn({ provider, what }, 'provider: could not be used'),
  })
  const dispatcher = await startDispatcher({
    database,
    dispatching: createDispatching(database),
    providers,
    settle: createAttemptSettling(database, createSettling(database, 'go', SETTLE_DEADLINE_MS), () => {
      counters.count('failovers', 1)
      dispatcher.wake()
    }),
    idleMs: 250,
    // What the reaper may have flagged is not sent any more by a process that was held up.
    staleMs: config.inDoubtAfterMs / 2,
    log,
  })
  const vendors = providers.list.map(({ provider }) => provider)
  const router = createRouter(providers)
  const costs = new Map(providers.list.map(({ rule }) => [rule.name, rule.cost]))
  const server = createServiceServer({
    database,
    accept: createAccept(createClaims(database, config.acceptDeadlineMs), router, () => dispatcher.wake()),
    isRoutable: (message) => router.routeOf(message).length > 0,
    forecast: createForecast(router, (provider) => costs.get(provider)),
    extend: (extended) => {
      const routes = { database, providers: vendors, publicUrl: config.publicUrl, counters, takeTexts, log }
      addReceiptRoutes(extended, { ...routes, onStored: () => matching.wake() })
      addResolutionRoute(extended, database, () => dispatcher.wake())
    },
    log,
    secret: config.secret,
    metrics: createServiceMetrics(database, () => dispatcher.inFlight, counters.values),
  })
  const background = startBackground({ config, database, matching, vendors, counters, log })

  const url = await server.listen({ host: config.host, port: config.port })
  log.info({ url, providers: vendors.map(({ name }) => name) }, 'messaging service is up')
  return {
    url,
    async stop() {
      await server.close()
      await Promise.all([dispatcher.stop(), background.stop()])
      await Promise.all(vendors.map((provider) => provider.close()))
      await database.close()
      log.info({ counters: counters.values() }, 'messaging service has stopped')
    },
  }
}

interface BackgroundOptions {
  readonly config: ServiceConfig
  readonly database: Database
  readonly matching: ReceiptMatching
  readonly vendors: readonly SmsProvider[]
  readonly counters: Counters
  readonly log: Logger
}

/** Everything that goes on by itself, each part alone. */
function startBackground(options: BackgroundOptions): { stop(): Promise<unknown> } {
  const { config, database, matching, vendors, counters, log } = options
  const { inDoubtAfterMs, gatewayUrl, secret } = config
  const stopping = new AbortController()
  const reaper = repeat(REAP_INTERVAL_MS, stopping.signal, reap, (err) => log.error({ err }, 'reaper failed'))
  async function reap(): Promise<void> {
    const flagged = await flagOverdue(database, 'go', inDoubtAfterMs)
    if (flagged.length > 0) log.warn({ message_uuids: flagged }, 'in doubt: dispatched without an outcome')
  }
  const doubts = startInDoubtWorker({
    database,
    providers: vendors,
    requestMs: inDoubtAfterMs,
    intervalMs: REAP_INTERVAL_MS,
    log,
  })
  const peer = gatewayUrl === null ? undefined : openPeer(gatewayUrl, REPORT_CONNECTIONS)
  const gateway = peer && secret !== null ? signedPeer(peer, secret) : peer
  const reporter = gateway && startReporter({ database, gateway, counters, log })
  return {
    stop() {
      stopping.abort()
      return Promise.all([reaper, doubts.stop(), matching.stop(), reporter?.stop()])
    },
  }
}
