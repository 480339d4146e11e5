import type { Logger } from 'pino'
import type { Dispatched, Dispatching } from '../authority/dispatch.ts'
import type { Provider, SendResult } from '../providers/provider.ts'

export interface DispatcherOptions {
  readonly dispatching: Dispatching
  readonly provider: Provider
  /** Records how an attempt ended. Rejects when it could not be recorded. */
  readonly settle: (dispatched: Dispatched, result: SendResult) => Promise<void>
  readonly inFlightMax: number
  /** How long an idle dispatcher waits when nobody wakes it. */
  readonly idleMs: number
  readonly log: Logger
}

export interface Dispatcher {
  /** Looks for work now. */
  wake(): void
  readonly inFlight: number
  /** Takes no more and waits for what is in flight, with its outcome recorded. */
  stop(): Promise<void>
}

const FAILURE_PAUSE_MS = 1_000

/**
 * Sends what the service has accepted: any number of processes run one each. A message is taken only when there
 * is room to send it at once, so that nothing waits in memory as `dispatched`.
 */
export function startDispatcher(options: DispatcherOptions): Dispatcher {
  const { dispatching, provider, settle, inFlightMax, idleMs, log } = options
  const sends = new Set<Promise<void>>()
  let stopping = false
  let wakeUp: () => void = () => {}
  let woken = false

  function wake(): void {
    woken = true
    wakeUp()
  }

  async function pause(ms: number): Promise<void> {
    if (woken || stopping) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      wakeUp = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  async function send(dispatched: Dispatched): Promise<void> {
    const { permit, recipient, sender, body } = dispatched
    const { messageUuid } = permit
    try {
      await settle(dispatched, await provider.send(permit, { messageUuid, recipient, sender, body }))
    } catch (err) {
      log.error({ err, message_uuid: messageUuid }, 'outcome not recorded: the reaper will flag the message')
    }
  }

  async function round(): Promise<void> {
    woken = false
    const room = inFlightMax - sends.size
    const taken = room > 0 ? await dispatching.take(room, provider.name) : []
    for (const dispatched of taken) {
      const sending = send(dispatched).finally(() => {
        sends.delete(sending)
        if (sends.size < inFlightMax / 2) wake()
      })
      sends.add(sending)
    }
    // Less than there was room for: the ledger has no more, until a wake or the next look.
    if (taken.length < room || room <= 0) await pause(idleMs)
  }

  async function loop(): Promise<void> {
    while (!stopping) {
      try {
        await round()
      } catch (err) {
        log.error({ err }, 'dispatcher: the ledger cannot be asked')
        woken = false
        await pause(FAILURE_PAUSE_MS)
      }
    }
    await Promise.all(sends)
  }

  const done = loop()
  return {
    wake,
    get inFlight() {
      return sends.size
    },
    stop() {
      stopping = true
      wake()
      return done
    },
  }
}
