import type { Logger } from 'pino'
import type { Dispatched, Dispatching, TakeOptions } from '../authority/dispatch.ts'
import {
  afterAttempt,
  healthAt,
  roomFor,
  well,
  type AttemptSign,
  type ProviderHealth,
} from '../core/provider-health.ts'
import type { SendResult } from '../providers/provider.ts'
import { createBell } from '../process/bell.ts'
import type { Openings } from '../authority/windows.ts'
import type { RoutedProvider } from './providers.ts'

export interface LaneOptions {
  readonly dispatching: Dispatching
  readonly routed: RoutedProvider
  /** What to take, in turn: the lane's common queue and those of senders with a pace of their own. */
  readonly queues: readonly TakeOptions[]
  /** What is bound to times of day. */
  readonly openings: () => Openings
  /** Records how an attempt ended. Rejects when it could not be recorded. */
  readonly settle: (dispatched: Dispatched, result: SendResult) => Promise<void>
  /** How long an idle lane waits when nobody wakes it. */
  readonly idleMs: number
  /** A permit that has waited so long for its send is not used: the reaper may have flagged the message. */
  readonly staleMs: number
  readonly onPaused: () => void
  readonly log: Logger
}

/** One provider's own loop, so that a slow or dead provider holds up no other. */
export interface Lane {
  readonly name: string
  /** Looks for work now. */
  wake(): void
  readonly inFlight: number
  readonly health: () => ProviderHealth
  /** Takes no more and waits for what is in flight, with its outcome recorded. */
  stop(): Promise<void>
}

const FAILURE_PAUSE_MS = 1_000
/** How often a lane with a pace looks while there is more than it may take. */
const PACED_MS = 20
const PACE_REMEMBERED_MS = 1_000
const PAUSED_MS = 100

export function startLane(options: LaneOptions): Lane {
  const { dispatching, routed, queues, openings, idleMs, log } = options
  const { provider, inFlightMax } = routed
  const sends = new Set<Promise<void>>()
  const stopping = new AbortController()
  const bell = createBell(stopping.signal)
  const health = createHealth(options)
  const send = createSend(options, health)
  let turn = 0
  let lastTakenAt = Number.NEGATIVE_INFINITY

  /** Begins what it may; returns how long to wait before the next round. */
  async function round(): Promise<number> {
    const now = health.now()
    let room = roomFor(now, sends.size, inFlightMax)
    if (room === 0) return now.kind === 'well' ? idleMs : PAUSED_MS
    let waitMs = idleMs
    turn++
    for (let n = 0; n < queues.length && room > 0 && !stopping.signal.aborted; n++) {
      const queue = queues[(n + turn) % queues.length]
      if (!queue) break
      const startedAt = performance.now()
      const taken = await dispatching.take(room, provider.name, { ...queue, openings: openings() })
      for (const dispatched of taken) begin(dispatched, startedAt)
      room -= taken.length
      if (taken.length > 0) lastTakenAt = performance.now()
      if ((queue.paces ?? []).length === 0) waitMs = taken.length > 0 ? 0 : waitMs
      // Nothing taken can mean nothing there, or a pace that another process has just used up.
      else if (performance.now() - lastTakenAt < PACE_REMEMBERED_MS) waitMs = Math.min(waitMs, PACED_MS)
    }
    return room > 0 ? waitMs : idleMs
  }

  function begin(dispatched: Dispatched, takenAt: number): void {
    const sending = send(dispatched, takenAt).finally(() => {
      sends.delete(sending)
      if (sends.size < inFlightMax / 2) bell.ring()
    })
    sends.add(sending)
  }

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      bell.quiet()
      try {
        const waitMs = await round()
        if (waitMs > 0) await bell.wait(waitMs)
      } catch (err) {
        log.error({ err, provider: provider.name }, 'dispatcher: the ledger cannot be asked')
        bell.quiet()
        await bell.wait(FAILURE_PAUSE_MS)
      }
    }
    await Promise.all(sends)
  }

  const done = loop()
  return {
    name: provider.name,
    wake: () => bell.ring(),
    get inFlight() {
      return sends.size
    },
    health: () => health.now(),
    stop() {
      stopping.abort()
      return done
    },
  }
}

interface Health {
  readonly now: () => ProviderHealth
  readonly learn: (sign: AttemptSign) => void
}

function createHealth({ routed: { provider }, onPaused, log }: LaneOptions): Health {
  let health: ProviderHealth = well
  return {
    now() {
      health = healthAt(health, performance.now())
      return health
    },
    learn(sign) {
      const nowMs = performance.now()
      const next = afterAttempt(health, sign, nowMs, Math.random())
      const isNew = next.kind === 'paused' && health.kind !== 'paused'
      health = next
      if (!isNew) return
      log.warn({ provider: provider.name, for_ms: Math.round(next.untilMs - nowMs) }, 'provider paused')
      onPaused()
    },
  }
}

/** One attempt, from the permit to the recorded outcome. Never rejects. */
function createSend({ routed: { provider }, settle, staleMs, log }: LaneOptions, health: Health) {
  return async (dispatched: Dispatched, takenAt: number): Promise<void> => {
    const { permit, recipient, sender, body, dispatchedAtMs } = dispatched
    const { messageUuid } = permit
    try {
      const leftMs = Math.min(staleMs, dispatched.validMs ?? staleMs) - (performance.now() - takenAt)
      if (leftMs <= 0) return await settle(dispatched, heldUp)
      const message = { messageUuid, recipient, sender, body, firstSentAtMs: Math.floor(dispatchedAtMs) }
      const result = await provider.send(permit, message)
      health.learn(signOf(result))
      await settle(dispatched, result)
    } catch (err) {
      log.error({ err, message_uuid: messageUuid }, 'outcome not recorded: the reaper will flag the message')
    }
  }
}

const heldUp: SendResult = { kind: 'not_sent', reason: 'held up in this process: no request was made' }

function signOf(result: SendResult): AttemptSign {
  switch (result.kind) {
    case 'accepted':
      return { kind: 'served' }
    case 'unknown':
    case 'not_sent':
      return { kind: 'failed' }
    case 'refused':
      if (result.blames === 'account') return { kind: 'failed' }
      if (result.blames !== 'pace') return { kind: 'served' }
      return { kind: 'slow_down', forMs: result.retryAfterMs ?? FAILURE_PAUSE_MS }
  }
}
