import type { Logger } from 'pino'
import { createClaims } from '../authority/claim.ts'
import { createDispatching } from '../authority/dispatch.ts'
import { flagOverdue } from '../authority/overdue.ts'
import { createSettling } from '../authority/settle.ts'
import type { Database } from '../db/database.ts'
import type { HttpPeer } from '../http/exchange.ts'
import { repeat } from '../process/repeat.ts'
import type { SmsProvider } from '../providers/provider.ts'
import type { Keywords } from '../sms/keyword.ts'
import { createAccept } from './accept.ts'
import { createAnswerMessages, type AnswerMessages } from './answer-messages.ts'
import { createCounters, type Counters } from './counters.ts'
import { startDispatcher, type Dispatcher } from './dispatcher.ts'
import { createForecast } from './forecast.ts'
import { createTakeTexts, type TakeTexts } from './inbound.ts'
import { startInDoubtWorker } from './in-doubt.ts'
import type { OpenProviders } from './providers.ts'
import { startReceiptMatching, type ReceiptMatching } from './receipt-matching.ts'
import { storeReceipts } from './receipts.ts'
import { startReporter } from './reporter.ts'
import { createRouter } from './router.ts'
import { createAttemptSettling } from './settle-attempt.ts'

/** What the service reaches the world through. */
export interface ServicePorts {
  readonly database: Database
  readonly openProviders: OpenProviders
  /** Told what became of messages; undefined: nobody is. */
  readonly gateway: HttpPeer | undefined
  readonly log: Logger
}

export interface ServiceSettings {
  /** How long an acceptance may take before it is answered as unresolved. */
  readonly acceptDeadlineMs: number
  /** A dispatch without an outcome for so long is flagged in doubt. Longer than any provider's timeout. */
  readonly inDoubtAfterMs: number
  /** Texts by which subscribers opt out, and in again. */
  readonly keywords: Keywords
}

/** The running service without its server. */
export interface AssembledService {
  readonly answer: AnswerMessages
  readonly dispatcher: Dispatcher
  readonly matching: ReceiptMatching
  readonly vendors: readonly SmsProvider[]
  readonly counters: Counters
  readonly takeTexts: TakeTexts
  /** Takes no more, ends what is in flight and closes the providers. The database stays open. */
  stop(): Promise<void>
}

const REAP_INTERVAL_MS = 1_000
const SETTLE_DEADLINE_MS = 15_000

/** Puts the service together and starts it: it dispatches, flags, settles doubts, matches receipts and reports. */
export async function assembleService(
  { acceptDeadlineMs, inDoubtAfterMs, keywords }: ServiceSettings,
  ports: ServicePorts,
): Promise<AssembledService> {
  const { database, openProviders, log } = ports
  const counters = createCounters()
  const matching = startReceiptMatching(database, counters, log)
  const takeTexts = createTakeTexts(database, keywords, counters)
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
    staleMs: inDoubtAfterMs / 2,
    log,
  })
  const vendors = providers.list.map(({ provider }) => provider)
  const router = createRouter(providers)
  const costs = new Map(providers.list.map(({ rule }) => [rule.name, rule.cost]))
  const background = startBackground({ ports, inDoubtAfterMs, matching, vendors, counters })
  const answer = createAnswerMessages({
    database,
    accept: createAccept(createClaims(database, acceptDeadlineMs), router, () => dispatcher.wake()),
    isRoutable: (message) => router.routeOf(message).length > 0,
    forecast: createForecast(router, (provider) => costs.get(provider)),
    log,
  })
  return {
    answer,
    dispatcher,
    matching,
    vendors,
    counters,
    takeTexts,
    async stop() {
      await Promise.all([dispatcher.stop(), background.stop()])
      await Promise.all(vendors.map((provider) => provider.close()))
    },
  }
}

interface BackgroundOptions {
  readonly ports: ServicePorts
  readonly inDoubtAfterMs: number
  readonly matching: ReceiptMatching
  readonly vendors: readonly SmsProvider[]
  readonly counters: Counters
}

/** Everything that goes on by itself, each part alone. */
function startBackground(options: BackgroundOptions): { stop(): Promise<unknown> } {
  const { ports, inDoubtAfterMs, matching, vendors, counters } = options
  const { database, gateway, log } = ports
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
  const reporter = gateway && startReporter({ database, gateway, counters, log })
  return {
    stop() {
      stopping.abort()
      return Promise.all([reaper, doubts.stop(), matching.stop(), reporter?.stop()])
    },
  }
}
