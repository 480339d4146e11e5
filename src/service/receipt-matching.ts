import type { Logger } from 'pino'
import type { Database } from '../db/database.ts'
import { createBell } from '../process/bell.ts'
import type { Counters } from './counters.ts'
import { matchReceipts } from './receipts.ts'

export interface ReceiptMatching {
  wake(): void
  stop(): Promise<void>
}

const IDLE_MS = 1_000

/** Matches receipts with messages as they come, and orphans again later. */
export function startReceiptMatching(database: Database, counters: Counters, log: Logger): ReceiptMatching {
  const stopping = new AbortController()
  const bell = createBell(stopping.signal)

  async function round(): Promise<boolean> {
    const { matched, orphans, settled, contradictions } = await matchReceipts(database)
    counters.count('receipts_orphaned', orphans)
    counters.count('receipts_contradicting', contradictions.length)
    if (settled > 0) log.info({ messages: settled }, 'in doubt: proven sent by receipts')
    if (orphans > 0) log.warn({ receipts: orphans }, 'receipts that fit no message yet')
    if (contradictions.length > 0) {
      log.error(
        { message_uuids: contradictions },
        'receipts for messages that were proven not sent: look at them',
      )
    }
    return matched + orphans > 0
  }

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      bell.quiet()
      const isMore = await round().catch((err: unknown) => {
        log.error({ err }, 'receipts: matching failed')
        return false
      })
      if (!isMore) await bell.wait(IDLE_MS)
    }
  }

  const working = loop()
  return {
    wake: () => bell.ring(),
    stop() {
      stopping.abort()
      return working
    },
  }
}
