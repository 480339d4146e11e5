import type { Logger } from 'pino'
import type { ServiceRequest } from '../contract/service-api.ts'
import type { CallOutcome } from '../core/evidence.ts'
import type { Database } from '../db/database.ts'
import { groupCommit } from '../db/group-commit.ts'
import { statement } from '../db/statement.ts'
import type { HttpPeer } from '../http/exchange.ts'
import { readVerdicts } from './read-verdicts.ts'
import { toWire } from './service-client.ts'
import { messageOf, type SmsRequest } from './sms-request.ts'

const log = statement<never>(import.meta.url, './sql/log-shadow.sql')

const SHADOW_TIMEOUT_MS = 2_000
const CALL_MESSAGES_MAX = 200
const CALLS_IN_FLIGHT_MAX = 2
const WAITING_MAX = 20_000

interface Shadowed {
  readonly request: SmsRequest
  readonly messageUuid: string
}

export interface ShadowCounts {
  /** Messages offered, compared (a verdict stands in `sms_logs`), and left out because of load or failure. */
  readonly offered: number
  readonly logged: number
  readonly dropped: number
  readonly failed: number
}

/**
 * SHADOW's second half: `dry_run=true` calls after the response is decided. Bounded in number and time; what does
 * not fit is dropped and counted. Nothing here reaches a response, quota or the ledger.
 */
export interface Shadow {
  offer(request: SmsRequest, messageUuids: readonly string[]): void
  readonly counts: ShadowCounts
  /** Drops what waits and resolves when nothing is in flight. */
  close(): Promise<void>
}

export function createShadow(peer: HttpPeer, database: Database, logger: Logger): Shadow {
  const counts = { offered: 0, logged: 0, dropped: 0, failed: 0 }
  const pending = new Set<Promise<void>>()
  let isClosed = false

  const calls = groupCommit<Shadowed, undefined>({
    run: async (batch) => {
      if (isClosed) throw new Error('shadow: is closed')
      await compare(batch)
      return batch.map(() => undefined)
    },
    batchMax: CALL_MESSAGES_MAX,
    inFlightMax: CALLS_IN_FLIGHT_MAX,
    waitingMax: WAITING_MAX,
  })

  async function compare(batch: readonly Shadowed[]): Promise<void> {
    const body: ServiceRequest = {
      dry_run: true,
      messages: batch.map(({ request, messageUuid }) => toWire(messageOf(request, messageUuid))),
    }
    const { outcomeOf } = readVerdicts(
      await peer.exchange({
        method: 'POST',
        path: '/v1/messages',
        body: JSON.stringify(body),
        timeoutMs: SHADOW_TIMEOUT_MS,
      }),
    )
    const verdicts = batch.flatMap((item) => {
      const outcome: CallOutcome = outcomeOf(item.messageUuid)
      const isVerdict =
        outcome.kind === 'answer' && outcome.verdict !== 'error' && outcome.verdict !== 'superseded'
      return isVerdict ? [{ ...item, verdict: outcome.verdict, reason: outcome.reason ?? null }] : []
    })
    counts.failed += batch.length - verdicts.length
    if (verdicts.length === 0) return
    await database.run(log, [
      verdicts.map(({ messageUuid }) => messageUuid),
      verdicts.map(({ verdict }) => verdict),
      verdicts.map(({ request }) => request.requestId),
      verdicts.map(({ request }) => request.tenant),
      verdicts.map(({ request, messageUuid }) => request.recipientMap.get(messageUuid) ?? null),
      verdicts.map(({ request }) => request.setting.epoch),
      verdicts.map(({ reason }) => reason),
    ])
    counts.logged += verdicts.length
  }

  function offerOne(item: Shadowed): void {
    const call = calls
      .add(item)
      .then(() => {})
      .catch((err: unknown) => {
        counts.dropped++
        logger.debug({ err }, 'shadow call dropped')
      })
      .finally(() => pending.delete(call))
    pending.add(call)
  }

  return {
    offer(request, messageUuids) {
      counts.offered += messageUuids.length
      for (const messageUuid of messageUuids) offerOne({ request, messageUuid })
    },
    counts,
    async close() {
      isClosed = true
      while (pending.size > 0) await Promise.all(pending)
    },
  }
}
