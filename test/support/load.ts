// Callers that behave as real ones do: keys on half of the requests, and patience with a gateway that is down.
import { randomUUID } from 'node:crypto'
import type { SendResponse } from '../../src/contract/gateway-api.ts'
import type { Acknowledged } from './checker.ts'
import { reservedNumber } from './numbers.ts'

export interface LoadOptions {
  readonly urls: readonly string[]
  readonly key: string
  readonly callers: number
  /** Ends after so many messages, or when the signal says so. */
  readonly messages: number
  readonly signal: AbortSignal
  /** Pause of a caller between two requests. */
  readonly pauseMs: number
  /** How long a caller waits for an answer; 20 s by default. */
  readonly patienceMs?: number
  /** Every so many requests one is scheduled, due so much later; absent: none. */
  readonly scheduled?: { readonly every: number; readonly inMs: number }
  /** Told how many requests are under way, whenever that changes. */
  readonly onInFlight?: (requests: number) => void
}

/** Runs the callers; resolves with every message that a 202 acknowledged. */
export async function runLoad(options: LoadOptions): Promise<Acknowledged[]> {
  const acknowledged = new Map<string, Acknowledged>()
  let started = 0
  let requests = 0
  let inFlight = 0
  const underWay = (change: number) => options.onInFlight?.((inFlight += change))
  async function caller(index: number): Promise<void> {
    while (started < options.messages && !options.signal.aborted) {
      const size = index % 4 === 0 ? 5 : 1
      const first = started
      started += size
      const to = Array.from({ length: size }, (_, n) => reservedNumber((first + n) % 10_000))
      const key = index % 2 === 0 ? randomUUID() : null
      underWay(1)
      const body = { to, body: `load ${first}`, ...timesOf(options, requests++) }
      const answer = await sendUntilAnswered(options, index, body, key)
      underWay(-1)
      for (const { message_uuid, status } of answer?.messages ?? [])
        acknowledged.set(message_uuid, { message_uuid, status })
      await sleep(options.pauseMs)
    }
  }
  await Promise.all(Array.from({ length: options.callers }, (_, index) => caller(index)))
  return [...acknowledged.values()]
}

function timesOf({ scheduled }: LoadOptions, request: number): { send_at?: string } {
  if (!scheduled || request % scheduled.every !== 0) return {}
  return { send_at: new Date(Date.now() + scheduled.inMs).toISOString() }
}

const TRIES_MAX = 60
const PATIENCE_MS = 20_000

/** With a key: again until answered. Without: once, for nobody knows whether it arrived. */
async function sendUntilAnswered(
  { urls, key: apiKey, signal, patienceMs = PATIENCE_MS }: LoadOptions,
  index: number,
  body: object,
  key: string | null,
): Promise<SendResponse | undefined> {
  for (let attempt = 0; attempt < (key === null ? 1 : TRIES_MAX) && !signal.aborted; attempt++) {
    const url = urls[(index + attempt) % urls.length] ?? ''
    const response = await fetch(`${url}/v1/sms`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${apiKey}`,
        'content-type': 'application/json',
        ...(key === null ? {} : { 'idempotency-key': key }),
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(patienceMs),
    }).catch(() => undefined)
    const answer = response?.status === 202 ? await response.json().catch(() => undefined) : undefined
    if (answer) return answer as SendResponse
    await sleep(100)
  }
  return undefined
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
