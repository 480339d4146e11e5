import type { Logger } from 'pino'
import { flagOverdue } from '../authority/overdue.ts'
import type { Database } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import { repeat } from '../process/repeat.ts'
import { settleHandedBack, type SettleHandedBackOptions } from './settle-handed-back.ts'
import { sendDue, type SendDueOptions } from './send-due.ts'
import { settleLeftRequests, type SettleLeftOptions } from './settle-left.ts'
import { settleUnresolved, type SettleUnresolvedOptions } from './settle-unresolved.ts'

const forgetKeys = statement<{ request_id: string }>(import.meta.url, './sql/forget-keys.sql')

const INTERVAL_MS = 1_000
const HOUSEKEEPING_MS = 3_600_000

export interface SettlerOptions {
  readonly left: SettleLeftOptions
  readonly unresolved: SettleUnresolvedOptions
  readonly handedBack: SettleHandedBackOptions
  readonly due: SendDueOptions
  readonly legacyDatabase: Database
  readonly ledgerDatabase: Database
  readonly inDoubtAfterMs: number
  readonly log: Logger
}

/** The gateway's work in the background: each part alone, so that one that fails does not hold up the others. */
export function startSettler(options: SettlerOptions): { stop(): Promise<void> } {
  const { left, unresolved, handedBack, due, legacyDatabase, ledgerDatabase, inDoubtAfterMs, log } = options
  const stopping = new AbortController()
  const every = (intervalMs: number, name: string, work: () => Promise<unknown>) =>
    repeat(intervalMs, stopping.signal, work, (err) => log.error({ err }, `settler: ${name} failed`))

  const loops = [
    every(INTERVAL_MS, 'left requests', () => settleLeftRequests(left)),
    every(INTERVAL_MS, 'unresolved messages', () => settleUnresolved(unresolved)),
    every(INTERVAL_MS, 'handed-back messages', () => settleHandedBack(handedBack)),
    every(INTERVAL_MS, 'scheduled messages', () => sendDue(due, stopping.signal)),
    every(INTERVAL_MS, 'reaper', async () => {
      const flagged = await flagOverdue(ledgerDatabase, 'legacy', inDoubtAfterMs)
      if (flagged.length > 0) log.warn({ message_uuids: flagged }, 'in doubt: dispatched without an outcome')
    }),
    every(HOUSEKEEPING_MS, 'old keys', () => legacyDatabase.run(forgetKeys)),
  ]
  return {
    async stop() {
      stopping.abort()
      await Promise.all(loops)
    },
  }
}
