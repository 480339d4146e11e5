import type { AuthorityRow } from './authority-state.ts'
import type { Fallback } from './evidence.ts'

/** How one message ended for the caller, in the API's words. */
export const messageStatuses = ['sent', 'accepted', 'duplicate', 'rejected', 'failed', 'unresolved'] as const
export type MessageStatus = (typeof messageStatuses)[number]

export type Source = 'legacy' | 'go'

export interface MessageOutcome {
  readonly messageUuid: string
  readonly source: Source
  readonly status: MessageStatus
  readonly providerMessageId: string | null
  readonly fallback: Fallback | null
  readonly reason: string | null
}

/**
 * What the ledger's row says about a message, for whoever lost a claim or continues a request. A message that
 * the service holds is reported `accepted`, however far it has come; `unresolved` means that the legacy side
 * holds it and its outcome is not known (yet).
 */
export function outcomeFromLedger(row: AuthorityRow): MessageOutcome {
  const { messageUuid, providerMessageId, reason } = row
  const base = { messageUuid, providerMessageId, fallback: null, reason }
  if (row.holder === 'go') return { ...base, source: 'go', status: 'accepted' }
  if (row.state === 'sent') return { ...base, source: 'legacy', status: 'sent' }
  if (row.state === 'refused' || row.state === 'void') return { ...base, source: 'legacy', status: 'failed' }
  return { ...base, source: 'legacy', status: 'unresolved', reason: reason ?? `ledger: ${row.state}` }
}
