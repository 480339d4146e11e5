import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import {
  CALLBACK_EVENTS_MAX,
  CALLBACK_SIGNATURE,
  CALLBACK_TIME,
  callbackSignature,
  type CarrierCallback,
  type Delivery,
} from '../contract/carrier-callback.ts'
import { openPeer, type HttpPeer } from '../http/exchange.ts'
import { perAccount, type Account, type PerAccount } from './accounts.ts'
import type { CarrierEntry } from './carrier-entry.ts'
import type { Reported } from './faults.ts'
import { createPauses } from './pauses.ts'

/** Null, or absent: the account is told nothing. */
export type CallbackUrls = Partial<PerAccount<string | null>>

export interface Callbacks {
  readonly urls: () => PerAccount<string | null>
  setUrls(urls: CallbackUrls): void
  /** Tells the account of an accepted text, as drawn; nothing is waited for. */
  report(entry: CarrierEntry, reports: Reported): void
  /** Tells what the reader of a text wrote back; false: it was not taken. */
  reply(account: Account, text: { from: string; to: string | null; body: string }): Promise<boolean>
  close(): Promise<void>
}

const CONNECTIONS_MAX = 4
const ANSWER_MS = 5_000
/** Statuses that wait for their time, or to be told: beyond these the carrier forgets, as carriers do. */
const WAITING_MAX = 100_000
const TRIES_MAX = 5
const FIRST_PAUSE_MS = 500

/** Calls the accounts back, signed, many statuses in one call. In memory alone: a restart forgets what waits. */
export function createCallbacks({
  urls: given,
  secret,
  log,
}: {
  readonly urls: CallbackUrls
  readonly secret: string
  readonly log: Logger
}): Callbacks {
  const pauses = createPauses()
  const lines = perAccount((account) => openLine({ account, secret, pauses, log }))
  const urls = (): PerAccount<string | null> => perAccount((account) => lines[account].url())
  const setUrls = (wanted: CallbackUrls): void => {
    lines.legacy.lead(wanted.legacy ?? null)
    lines.service.lead(wanted.service ?? null)
  }
  setUrls(given)
  return {
    urls,
    setUrls,
    report({ account, provider_message_id: id }, reports) {
      if (lines[account].url() === null) return
      for (const { status, afterMs } of reports) lines[account].tellLater({ id, status }, afterMs)
    },
    async reply(account, { from, to, body }) {
      const at = new Date().toISOString()
      return (await lines[account].call({ replies: [{ id: randomUUID(), from, to, body, at }] })) === 'taken'
    },
    async close() {
      pauses.end()
      await Promise.all([lines.legacy.close(), lines.service.close()])
    },
  }
}

interface LineOptions {
  readonly account: Account
  readonly secret: string
  readonly pauses: ReturnType<typeof createPauses>
  readonly log: Logger
}

/** The way to one account: at most one call with statuses at a time, so that what gathers meanwhile goes together. */
function openLine({ account, secret, pauses, log }: LineOptions) {
  let target: { readonly url: URL; readonly peer: HttpPeer } | null = null
  let due: Delivery[] = []
  let waiting = 0
  let isTelling = false

  async function call(callback: CarrierCallback): Promise<'taken' | 'refused' | 'lost'> {
    if (!target) return 'refused'
    const { url, peer } = target
    const body = JSON.stringify(callback)
    const seconds = String(Math.floor(Date.now() / 1_000))
    const headers = {
      [CALLBACK_TIME]: seconds,
      [CALLBACK_SIGNATURE]: callbackSignature(secret, seconds, body),
    }
    const path = url.pathname + url.search
    const exchange = await peer.exchange({ method: 'POST', path, body, headers, timeoutMs: ANSWER_MS })
    if (exchange.kind !== 'answer' || exchange.status >= 500) return 'lost'
    return exchange.status < 300 ? 'taken' : 'refused'
  }

  async function tell(deliveries: readonly Delivery[]): Promise<void> {
    for (let attempt = 0; attempt < TRIES_MAX; attempt++) {
      if (attempt > 0 && !(await pauses.wait(FIRST_PAUSE_MS * 2 ** (attempt - 1)))) return
      const answer = await call({ deliveries: [...deliveries] })
      if (answer === 'taken') return
      if (answer === 'refused') break
    }
    log.warn({ account, statuses: deliveries.length }, 'callback: not taken; these statuses are forgotten')
  }

  async function tellAll(): Promise<void> {
    isTelling = true
    while (due.length > 0) {
      const next = due.slice(0, CALLBACK_EVENTS_MAX)
      due = due.slice(CALLBACK_EVENTS_MAX)
      await tell(next)
      waiting -= next.length
    }
    isTelling = false
  }

  async function hold(delivery: Pick<Delivery, 'id' | 'status'>, afterMs: number): Promise<void> {
    waiting++
    if (!(await pauses.wait(afterMs))) return
    due.push({ ...delivery, at: new Date().toISOString() })
    if (!isTelling) await tellAll()
  }

  return {
    url: () => target?.url.href ?? null,
    lead(url: string | null) {
      void target?.peer.close()
      target =
        url === null ? null : { url: new URL(url), peer: openPeer(new URL(url).origin, CONNECTIONS_MAX) }
    },
    call,
    tellLater(delivery: Pick<Delivery, 'id' | 'status'>, afterMs: number): void {
      if (waiting < WAITING_MAX) void hold(delivery, afterMs)
    },
    close: () => target?.peer.close(),
  }
}
