import type { AuthorityRow } from './authority-state.ts'
import type { Fallback } from './evidence.ts'
import type { Treatment } from './treatment.ts'

/** How one message ended for the caller, in the API's words. */
export const messageStatuses = ['sent', 'accepted', 'duplicate', 'rejected', 'failed', 'unresolved'] as const
export type MessageStatus = (typeof messageStatuses)[number]

export type Source = 'legacy' | 'go'

/** Work that is left for the settler when the caller was told `unresolved`. */
export interface Pending {
  /** Token of a legacy claim whose answer was lost and under which nothing was sent. */
  readonly unspentToken: string | null
}

export interface MessageOutcome {
  readonly messageUuid: string
  readonly source: Source
  readonly status: MessageStatus
  readonly providerMessageId: string | null
  readonly fallback: Fallback | null
  readonly reason: string | null
  /** Null when the outcome stands; an `unresolved` without it is in doubt and waits for proof. */
  readonly pending: Pending | null
  /** What the legacy side told of it beyond its verdict, for the comparison in SHADOW. */
  readonly told?: Partial<Treatment>
}

/**
 * What the ledger's row says about a message, for whoever lost a claim or continues a request. A message that
 * the service holds is reported `accepted`, however far it has come.
 */
export function outcomeFromLedger(row: AuthorityRow): MessageOutcome {
  const { messageUuid, providerMessageId, reason } = row
  const base = { messageUuid, providerMessageId, fallback: null, reason, pending: null }
  if (row.holder === 'go') return { ...base, source: 'go', status: 'accepted' }
  switch (row.state) {
    case 'sent':
      return { ...base, source: 'legacy', status: 'sent' }
    case 'refused':
    case 'void':
      return { ...base, source: 'legacy', status: 'failed' }
    case 'in_doubt':
      return { ...base, source: 'legacy', status: 'unresolved' }
    case 'claimed':
    case 'dispatched':
      return {
        ...base,
        source: 'legacy',
        status: 'unresolved',
        reason: `the legacy side holds it: ${row.state}`,
        pending: { unspentToken: null },
      }
  }
}

/** A message whose fate nobody could ask for: the settler does, later. */
export function unresolvedOutcome(
  messageUuid: string,
  source: Source,
  reason: string,
  options: { fallback?: Fallback | null; unspentToken?: string | null } = {},
): MessageOutcome {
  const { fallback = null, unspentToken = null } = options
  return {
    messageUuid,
    source,
    status: 'unresolved',
    providerMessageId: null,
    fallback,
    reason,
    pending: { unspentToken },
  }
}
