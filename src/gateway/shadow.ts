import type { Logger } from 'pino'
import type { ServiceRequest } from '../contract/service-api.ts'
import type { CallOutcome } from '../core/evidence.ts'
import type { MessageOutcome } from '../core/message-outcome.ts'
import type { Database } from '../db/database.ts'
import { groupCommit, QueueFull } from '../db/group-commit.ts'
import { statement } from '../db/statement.ts'
import type { HttpPeer } from '../http/exchange.ts'
import { createLeftOut, reasonOf, type ShadowReason } from './left-out.ts'
import { legacyTreatment, type LegacyFacts } from './legacy-treatment.ts'
import { readVerdicts } from './read-verdicts.ts'
import type { Rehearsals } from './rehearsals.ts'
import { toWire } from './service-client.ts'
import { messageOf, type SmsRequest } from './sms-request.ts'

const log = statement<never>(import.meta.url, './sql/log-shadow.sql')

const SHADOW_TIMEOUT_MS = 2_000
const CALL_MESSAGES_MAX = 200
const CALLS_IN_FLIGHT_MAX = 2
const WAITING_MAX = 20_000

interface Shadowed {
  readonly request: SmsRequest
  /** What the legacy side did with it. */
  readonly outcome: MessageOutcome
}

type Compared = Shadowed & { readonly answer: CallOutcome & { readonly kind: 'answer' } }

export interface ShadowCounts extends Readonly<Partial<Record<ShadowReason, number>>> {
  /** Messages offered, compared (a verdict stands in `sms_logs`), and left out because of load or failure. */
  readonly offered: number
  readonly logged: number
  readonly dropped: number
  readonly failed: number
  /** Left out without a note that says why: the database was away. */
  readonly unnoted: number
  readonly rehearsed: number
  readonly rehearsals_left_out: number
}

/**
 * SHADOW's second half: `dry_run=true` calls after the response is decided. Bounded in number and time; what does
 * not fit is dropped, counted and noted with its reason. Nothing here reaches a response, quota or the ledger.
 */
export interface Shadow {
  offer(request: SmsRequest, outcomes: readonly MessageOutcome[]): void
  readonly counts: ShadowCounts
  /** Drops what waits and resolves when nothing is in flight. */
  close(): Promise<void>
}

export interface ShadowOptions {
  readonly peer: HttpPeer
  readonly database: Database
  readonly logger: Logger
  readonly facts: LegacyFacts
  readonly rehearsals: Rehearsals
  /** Most messages that wait for their call. */
  readonly waitingMax?: number
}

export function createShadow(options: ShadowOptions): Shadow {
  const { database, logger, rehearsals, waitingMax = WAITING_MAX } = options
  const counts = { offered: 0, logged: 0, dropped: 0, failed: 0, unnoted: 0 }
  const byReason: Partial<Record<ShadowReason, number>> = {}
  const pending = new Set<Promise<void>>()
  let isClosed = false
  const compare = createCompare(options)
  const noteLeftOut = createLeftOut(database, logger, () => counts.unnoted++)

  const calls = groupCommit<Shadowed, ShadowReason | undefined>({
    run: async (batch) => (isClosed ? batch.map(() => 'closed') : compare(batch)),
    batchMax: CALL_MESSAGES_MAX,
    inFlightMax: CALLS_IN_FLIGHT_MAX,
    waitingMax,
  })

  async function shadow(item: Shadowed): Promise<void> {
    const reason = await calls
      .add(item)
      .catch((err: unknown): ShadowReason => (err instanceof QueueFull ? 'dropped' : 'broken_answer'))
    if (reason === undefined) {
      counts.logged++
      return
    }
    byReason[reason] = (byReason[reason] ?? 0) + 1
    if (reason === 'dropped' || reason === 'closed') counts.dropped++
    else counts.failed++
    const { messageUuid } = item.outcome
    await noteLeftOut({ messageUuid, reason, epoch: item.request.setting.epoch })
  }

  return {
    offer(request, outcomes) {
      counts.offered += outcomes.length
      for (const outcome of outcomes) {
        const work = shadow({ request, outcome }).finally(() => pending.delete(work))
        pending.add(work)
        rehearsals.offer(messageOf(request, outcome.messageUuid), request.setting.epoch)
      }
    },
    get counts() {
      return { ...byReason, ...counts, ...rehearsals.counts }
    },
    async close() {
      isClosed = true
      while (pending.size > 0) await Promise.all(pending)
      await rehearsals.close()
    },
  }
}

/** One dry-run call: tells why each message was left out; undefined: its verdict is logged. */
function createCompare({ peer, database, logger, facts, rehearsals }: ShadowOptions) {
  return async (batch: readonly Shadowed[]): Promise<(ShadowReason | undefined)[]> => {
    const body: ServiceRequest = {
      dry_run: true,
      messages: batch.map(({ request, outcome }) => toWire(messageOf(request, outcome.messageUuid))),
    }
    const exchange = await peer.exchange({
      method: 'POST',
      path: '/v1/messages',
      body: JSON.stringify(body),
      timeoutMs: SHADOW_TIMEOUT_MS,
    })
    const { outcomeOf } = readVerdicts(exchange)
    const answers = batch.map(({ outcome }) => outcomeOf(outcome.messageUuid))
    const reasons = answers.map(reasonOf)
    const verdicts = batch.flatMap((item, index): Compared[] => {
      const answer = answers[index]
      return answer?.kind === 'answer' && !reasons[index] ? [{ ...item, answer }] : []
    })
    if (verdicts.length === 0) return reasons
    try {
      await database.run(log, toColumns(verdicts, facts, rehearsals.canRehearse))
      return reasons
    } catch (err) {
      logger.debug({ err }, 'shadow: verdicts could not be written')
      return reasons.map((reason) => reason ?? 'not_logged')
    }
  }
}

function toColumns(verdicts: readonly Compared[], facts: LegacyFacts, canRehearse: boolean) {
  return [
    verdicts.map(({ outcome }) => outcome.messageUuid),
    verdicts.map(({ answer }) => answer.verdict),
    verdicts.map(({ request }) => request.requestId),
    verdicts.map(({ request }) => request.tenant),
    verdicts.map(({ request, outcome }) => request.recipientMap.get(outcome.messageUuid) ?? null),
    verdicts.map(({ request }) => request.setting.epoch),
    verdicts.map(({ answer }) => answer.reason ?? null),
    verdicts.map(({ answer }) => ('would' in answer ? JSON.stringify(answer.would) : null)),
    verdicts.map(({ request, outcome }) => {
      const { messageUuid, status, told = {} } = outcome
      const wasSent = status === 'sent' ? true : status === 'failed' ? false : null
      const did = legacyTreatment(messageOf(request, messageUuid), wasSent, told, facts)
      return JSON.stringify({ ...did, can_rehearse: canRehearse })
    }),
  ]
}
