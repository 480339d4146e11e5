import { hostname } from 'node:os'
import type { Logger } from 'pino'
import type { Database } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import { createBell } from '../process/bell.ts'
import { repeat } from '../process/repeat.ts'
import { PRESENCE_LOCK_CLASS, type Presence } from './presence.ts'

const latestChange = statement<{ epoch: number; seen_at: string }>(import.meta.url, './sql/latest-change.sql')
const acknowledge = statement<{ epoch: number }>(import.meta.url, './sql/acknowledge-mode.sql')
const forget = statement<{ owner: number }>(import.meta.url, './sql/forget-acknowledgements.sql')

/** A change that was announced is seen at once; one whose announcement got lost within this time. */
const POLL_MS = 250
/** While a transaction that began before the change is still running. */
const AGAIN_MS = 25
const HOUSEKEEPING_MS = 3_600_000

/** The name under which gateways connect to the database with the mode: transactions are waited for by it. */
export const GATEWAY_CONNECTIONS = 'baton gateway'

export interface ModeAcknowledgerOptions {
  readonly database: Database
  readonly presence: Pick<Presence, 'owner' | 'onModeChange'>
  readonly log: Logger
}

/**
 * Says of each mode change, for this process, that nothing is entered under an older setting any more. It waits
 * for every transaction that may have read one, also of other processes and of connections that were lost.
 */
export function startModeAcknowledger({ database, presence, log }: ModeAcknowledgerOptions): {
  stop(): Promise<void>
} {
  const stopping = new AbortController()
  const { signal } = stopping
  const bell = createBell(signal)
  presence.onModeChange(() => bell.ring())
  const gateway = `${hostname()} pid ${process.pid}`
  let acknowledged = { owner: 0, epoch: 0 }
  let seen = { epoch: 0, seen_at: '' }

  /** Whether everything is acknowledged that there is. */
  async function look(): Promise<boolean> {
    const { owner } = presence
    const [latest] = await database.run(latestChange)
    if (latest && latest.epoch !== seen.epoch) seen = latest
    if (acknowledged.epoch === seen.epoch && acknowledged.owner === owner) return true
    const parameters = [owner, gateway, seen.epoch, seen.seen_at, GATEWAY_CONNECTIONS]
    if ((await database.run(acknowledge, parameters)).length === 0) return false
    acknowledged = { owner, epoch: seen.epoch }
    log.info({ epoch: seen.epoch }, 'mode change acknowledged')
    return true
  }

  async function watch(): Promise<void> {
    while (!signal.aborted) {
      bell.quiet()
      const isDone = await look().catch((err: unknown) => {
        log.warn({ err }, 'mode changes cannot be looked for')
        return true
      })
      await bell.wait(isDone ? POLL_MS : AGAIN_MS)
    }
  }

  const loops = [
    watch(),
    repeat(
      HOUSEKEEPING_MS,
      signal,
      () => database.run(forget, [PRESENCE_LOCK_CLASS]),
      (err) => log.warn({ err }, 'old acknowledgements cannot be forgotten'),
    ),
  ]
  return {
    async stop() {
      stopping.abort()
      await Promise.all(loops)
    },
  }
}
