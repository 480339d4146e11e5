import type { ServiceMessage, ServiceRequest } from '../contract/service-api.ts'
import type { CallFailure, CallOutcome } from '../core/evidence.ts'
import { groupCommit } from '../db/group-commit.ts'
import type { HttpPeer } from '../http/exchange.ts'
import type { Breaker } from './breaker.ts'
import { readVerdicts } from './read-verdicts.ts'
import type { EnteredMessage } from './sms-request.ts'

/** The strict gate of ON: from the call to the last byte, waiting for a place in a batch included. */
export const SERVICE_TIMEOUT_MS = 500

/** Most messages of one call; a larger request makes several calls, each with the full time. */
const CALL_MESSAGES_MAX = 500
const CALLS_IN_FLIGHT_MAX = 4

export interface ServiceClient {
  /** Asks the service to accept messages; never rejects. One outcome a message, in order. */
  send(messages: readonly EnteredMessage[]): Promise<CallOutcome[]>
}

type OutcomeOf = (messageUuid: string) => CallOutcome

interface Unit {
  readonly messages: readonly EnteredMessage[]
  readonly startedMs: number
  /** Set when the unit's own deadline has passed: its caller has been answered. */
  isOver: boolean
  isOnTheWire: boolean
}

/**
 * Calls the service with `dry_run=false`. Concurrent units travel in one call; each unit has its own deadline,
 * and a call lives as long as a unit still waits for it.
 */
export function createServiceClient(peer: HttpPeer, breaker: Breaker): ServiceClient {
  const calls = groupCommit<Unit, OutcomeOf>({
    run: callOnce,
    batchMax: CALL_MESSAGES_MAX,
    inFlightMax: CALLS_IN_FLIGHT_MAX,
    weigh: ({ messages }) => messages.length,
  })

  async function callOnce(units: readonly Unit[]): Promise<OutcomeOf[]> {
    const waiting = units.filter((unit) => !unit.isOver)
    const newest = Math.max(...waiting.map(({ startedMs }) => startedMs))
    const timeoutMs = SERVICE_TIMEOUT_MS - (performance.now() - newest)
    if (waiting.length === 0 || timeoutMs <= 0) return units.map(() => () => timedOut(false))
    if (breaker.state !== 'closed') return units.map(() => breakerOpen)
    for (const unit of waiting) unit.isOnTheWire = true
    const outcome = await throughBreaker(waiting, timeoutMs)
    return units.map(() => outcome)
  }

  async function throughBreaker(units: readonly Unit[], timeoutMs: number): Promise<OutcomeOf> {
    const request: ServiceRequest = {
      dry_run: false,
      messages: units.flatMap((unit) => unit.messages.map(toWire)),
    }
    const call = { method: 'POST', path: '/v1/messages', body: JSON.stringify(request), timeoutMs } as const
    let outcomeOf: OutcomeOf = breakerOpen
    const exchangeOnce = async () => {
      const verdicts = readVerdicts(await peer.exchange(call))
      outcomeOf = verdicts.outcomeOf
      if (verdicts.failure !== undefined) throw new CallFailed(verdicts.failure)
    }
    // The breaker learns of a failure by the rejection; the callers learn what it proves.
    await breaker.execute(exchangeOnce).catch(() => {})
    return outcomeOf
  }

  async function sendUnit(messages: readonly EnteredMessage[]): Promise<CallOutcome[]> {
    if (breaker.state !== 'closed') return messages.map(breakerOpen)
    const unit: Unit = { messages, startedMs: performance.now(), isOver: false, isOnTheWire: false }
    let timer: NodeJS.Timeout | undefined
    const deadline = new Promise<() => CallOutcome>((resolve) => {
      timer = setTimeout(() => {
        unit.isOver = true
        resolve(() => timedOut(unit.isOnTheWire))
      }, SERVICE_TIMEOUT_MS)
    })
    try {
      const outcomeOf = await Promise.race([calls.add(unit), deadline])
      return messages.map(({ messageUuid }) => outcomeOf(messageUuid))
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error)
      return messages.map(() => ({ kind: 'not_sent', cause: 'queue_timeout', detail }))
    } finally {
      clearTimeout(timer)
    }
  }

  return {
    async send(messages) {
      const outcomes: CallOutcome[] = []
      for (let start = 0; start < messages.length; start += CALL_MESSAGES_MAX) {
        outcomes.push(...(await sendUnit(messages.slice(start, start + CALL_MESSAGES_MAX))))
      }
      return outcomes
    },
  }
}

const breakerOpen = (): CallFailure => ({
  kind: 'not_sent',
  cause: 'breaker_open',
  detail: 'the breaker is open',
})

function timedOut(wasOnTheWire: boolean): CallFailure {
  return wasOnTheWire
    ? { kind: 'ambiguous', cause: 'timeout', detail: `no whole answer within ${SERVICE_TIMEOUT_MS} ms` }
    : {
        kind: 'not_sent',
        cause: 'queue_timeout',
        detail: `no place in a call within ${SERVICE_TIMEOUT_MS} ms`,
      }
}

class CallFailed extends Error {
  override readonly name = 'CallFailed'
}

export function toWire({
  messageUuid,
  recipient,
  sender,
  body,
  tenant,
  terms,
}: EnteredMessage): ServiceMessage {
  const { priority, sendAt, validUntil, segmentsMax } = terms
  return {
    message_uuid: messageUuid,
    to: recipient,
    body,
    tenant,
    ...(sender === null ? {} : { from: sender }),
    ...(priority === null ? {} : { priority }),
    ...(sendAt === null ? {} : { send_at: sendAt }),
    ...(validUntil === null ? {} : { valid_until: validUntil }),
    ...(segmentsMax === null ? {} : { segments_max: segmentsMax }),
  }
}
