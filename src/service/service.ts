import type { Logger } from 'pino'
import { createClaims } from '../authority/claim.ts'
import { createDispatching } from '../authority/dispatch.ts'
import { flagOverdue } from '../authority/overdue.ts'
import { createSettling } from '../authority/settle.ts'
import { openDatabase } from '../db/database.ts'
import { requireDurableServer } from '../db/durability.ts'
import { repeat } from '../process/repeat.ts'
import type { RunningProgram } from '../process/running-program.ts'
import type { Provider } from '../providers/provider.ts'
import { createAccept } from './accept.ts'
import { startDispatcher } from './dispatcher.ts'
import { createServiceServer } from './http.ts'
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
  readonly dispatchInFlightMax: number
  /** Shared with the gateway, which signs its calls; null: every caller is trusted. */
  readonly secret: string | null
}

const REAP_INTERVAL_MS = 1_000
const SETTLE_DEADLINE_MS = 15_000

/** The messaging service: accepts, dispatches, flags. */
export async function startService(
  config: ServiceConfig,
  provider: Provider,
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

  const settle = createSettling(database, 'go', SETTLE_DEADLINE_MS)
  const dispatcher = startDispatcher({
    dispatching: createDispatching(database),
    provider,
    settle: createAttemptSettling(database, settle),
    inFlightMax: config.dispatchInFlightMax,
    idleMs: 250,
    log,
  })
  const accept = createAccept(createClaims(database, config.acceptDeadlineMs), () => dispatcher.wake())
  const server = createServiceServer({
    database,
    accept,
    log,
    secret: config.secret,
    metrics: createServiceMetrics(database, () => dispatcher.inFlight),
  })

  const stopping = new AbortController()
  const reaper = repeat(REAP_INTERVAL_MS, stopping.signal, reap, (err) => log.error({ err }, 'reaper failed'))
  async function reap(): Promise<void> {
    const flagged = await flagOverdue(database, 'go', config.inDoubtAfterMs)
    if (flagged.length > 0) log.warn({ message_uuids: flagged }, 'in doubt: dispatched without an outcome')
  }

  const url = await server.listen({ host: config.host, port: config.port })
  log.info({ url }, 'messaging service is up')
  return {
    url,
    async stop() {
      stopping.abort()
      await server.close()
      await Promise.all([dispatcher.stop(), reaper])
      await provider.close()
      await database.close()
      log.info('messaging service has stopped')
    },
  }
}
