import { dispatchForLegacy } from '../authority/dispatch.ts'
import type { Permit } from '../authority/permit.ts'
import { LedgerUnavailable } from '../authority/unavailable.ts'
import type { Database } from '../db/database.ts'
import { statement } from '../db/statement.ts'

export interface DispatchClaimedOptions {
  /** The gateway's own database, and the one with the ledger. */
  readonly legacyDatabase: Database
  readonly ledgerDatabase: Database
  readonly provider: string
  /** How long the ledger is asked for a dispatch. */
  readonly ledgerDeadlineMs: number
}

const noteUnspent = statement<{ message_uuid: string }>(import.meta.url, './sql/note-unspent.sql')

/** Permits, and when they were asked for by this process's monotonic clock. */
export interface DispatchedClaimed {
  readonly permits: readonly Permit[]
  readonly askedAtMs: number
}

/**
 * Permits for those messages of the settler's work list that the legacy side holds and may send now. When the
 * ledger's answer is lost for good no permit was made; the work list keeps the token, so that a dispatch that took
 * place after all is known to have sent nothing.
 */
export async function dispatchClaimed(
  { ledgerDatabase, legacyDatabase, provider, ledgerDeadlineMs }: DispatchClaimedOptions,
  messageUuids: readonly string[],
): Promise<DispatchedClaimed> {
  const askedAtMs = performance.now()
  try {
    const permits = await dispatchForLegacy(ledgerDatabase, messageUuids, provider, ledgerDeadlineMs)
    return { permits, askedAtMs }
  } catch (error) {
    if (error instanceof LedgerUnavailable && error.attemptToken !== null) {
      await legacyDatabase.run(noteUnspent, [messageUuids, error.attemptToken])
    }
    throw error
  }
}
