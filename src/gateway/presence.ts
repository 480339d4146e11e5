import { randomInt } from 'node:crypto'
import type { Logger } from 'pino'
import type pg from 'pg'
import type { Database } from '../db/database.ts'
import { statement } from '../db/statement.ts'

export const PRESENCE_LOCK_CLASS = 0x62746e // "btn"
const MODE_CHANNEL = 'baton_mode'
const probe = statement<{ free: boolean }>(import.meta.url, './sql/is-gone.sql')

/**
 * Tells which gateway processes live: each holds an advisory lock, named by its number, on a connection of its
 * own; the server frees it the moment the process dies. This decides who may continue a request, never who
 * may send.
 */
export interface Presence {
  /** This process' number. It changes when the connection was lost. */
  readonly owner: number
  /** Whether no live process holds this number. */
  isGone(owner: number): Promise<boolean>
  /** Calls this when a change of the mode is announced, and when a new connection may have missed one. */
  onModeChange(listener: () => void): void
  close(): Promise<void>
}

const RECONNECT_MS = 500

export async function announcePresence(database: Database, log: Logger): Promise<Presence> {
  let closing = false
  let client: pg.Client
  let owner = 0
  let onModeChange = (): void => {}

  async function connect(): Promise<void> {
    const candidate = randomInt(1, 2 ** 31 - 1)
    const fresh = await database.connect()
    fresh.on('error', () => {})
    fresh.on('end', () => {
      if (!closing) setTimeout(reconnect, RECONNECT_MS)
    })
    fresh.on('notification', () => onModeChange())
    await fresh.query(`listen ${MODE_CHANNEL}`)
    await fresh.query('select pg_advisory_lock($1, $2)', [PRESENCE_LOCK_CLASS, candidate])
    client = fresh
    owner = candidate
    onModeChange()
  }

  function reconnect(): void {
    if (closing) return
    connect().catch((err: unknown) => {
      log.warn({ err }, 'presence: cannot connect')
      setTimeout(reconnect, RECONNECT_MS)
    })
  }

  await connect()
  return {
    get owner() {
      return owner
    },
    async isGone(other) {
      const [row] = await database.run(probe, [PRESENCE_LOCK_CLASS, other])
      return row?.free === true
    },
    onModeChange(listener) {
      onModeChange = listener
    },
    async close() {
      closing = true
      await client.end()
    },
  }
}
