import type { Logger } from 'pino'
import type { Database } from '../db/database.ts'
import type { HttpPeer } from '../http/exchange.ts'
import { createBreaker, type Breaker } from './breaker.ts'
import type { GatewayConfig } from './config.ts'
import { createController, type Controller } from './controller.ts'
import type { GatewayLedger } from './ledger.ts'
import type { LegacyDriver } from './legacy-driver.ts'
import { createLegacySender, type LegacySender } from './legacy-send.ts'
import { createOnSender } from './on-send.ts'
import { createReportAnswer } from './report-answer.ts'
import { createRehearsals } from './rehearsals.ts'
import { createServiceClient } from './service-client.ts'
import { createShadow, type Shadow } from './shadow.ts'

export interface Sending {
  readonly control: Controller
  readonly legacy: LegacySender
  readonly shadow: Shadow
  readonly breaker: Breaker
  /** The messaging service, for what an operator decides. */
  readonly service: HttpPeer
  close(): Promise<void>
}

interface SendingConfig extends Pick<
  GatewayConfig,
  'breakerFailuresMax' | 'breakerProbeIntervalMs' | 'inDoubtAfterMs' | 'legacyRoute' | 'legacyPricePerSegment'
> {
  /** Makes connections of their own to the messaging service. */
  readonly openService: () => HttpPeer
}

const LEGACY_DISPATCHED_MAX = 50
const PROBE_TIMEOUT_MS = 500

/** Puts together what the controller sends with. SHADOW has connections of its own: it cannot starve ON. */
export function createSending(
  config: SendingConfig,
  ledger: GatewayLedger,
  legacyDatabase: Database,
  driver: LegacyDriver,
  log: Logger,
): Sending {
  const service = config.openService()
  const shadowed = config.openService()
  const breaker = createBreaker({
    failuresMax: config.breakerFailuresMax,
    probeIntervalMs: config.breakerProbeIntervalMs,
    log,
    async probe() {
      const health = await service.exchange({ method: 'GET', path: '/healthz', timeoutMs: PROBE_TIMEOUT_MS })
      if (health.kind !== 'answer' || health.status !== 200) throw new Error('service: is not well')
    },
  })
  const legacy = createLegacySender({
    claimForLegacy: ledger.claimForLegacy,
    settle: ledger.settle,
    driver,
    dispatchedMax: LEGACY_DISPATCHED_MAX,
    // What the reaper may have flagged is not sent any more by a process that was held up.
    staleMs: config.inDoubtAfterMs / 2,
    onUnsettled: (err, message_uuid) =>
      log.error({ err, message_uuid }, 'outcome not recorded: the reaper will flag the message'),
  })
  const sendOn = createOnSender({
    client: createServiceClient(service, breaker),
    legacy,
    report: createReportAnswer(ledger.giveUp, ledger.read),
  })
  const facts = {
    route: config.legacyRoute ?? null,
    pricePerSegment: config.legacyPricePerSegment ?? null,
  }
  const shadow = createShadow({
    peer: shadowed,
    database: legacyDatabase,
    logger: log,
    facts,
    rehearsals: createRehearsals({ driver, facts, database: legacyDatabase, logger: log }),
  })
  return {
    control: createController({ legacy, sendOn, shadow }),
    legacy,
    shadow,
    breaker,
    service,
    async close() {
      breaker.close()
      await shadow.close()
      await Promise.all([service.close(), shadowed.close(), driver.close()])
    },
  }
}
