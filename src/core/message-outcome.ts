import type { AuthorityRow } from './authority-state.ts'
import type { Fallback } from './evidence.ts'
import type { Treatment } from './treatment.ts'

/** How one message ended for the caller, in the API's words. */
export const messageStatuses = [
  'sent',
  'accepted',
  'duplicate',
  'rejected',
  'failed',
  'unresolved',
  'scheduled',
] as const
export type MessageStatus = (typeof messageStatuses)[number]

export type Source = 'legacy' | 'go'

/** Work that is left for the settler when the caller was told `unresolved` or `scheduled`. */
export interface Pending {
  /** Token of a legacy claim whose answer was lost and under which nothing was sent. */
  readonly unspentToken: string | null
  /** When the legacy side is to send what it holds, ISO 8601; absent: ask again at once. */
  readonly dueAt?: string
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
      if (row.heldUntil !== null) return scheduledOutcome(messageUuid, row.heldUntil)
      return { ...base, ...beingSent(row) }
    case 'dispatched':
      return { ...base, ...beingSent(row) }
  }
}

function beingSent({
  state,
}: AuthorityRow): Pick<MessageOutcome, 'source' | 'status' | 'reason' | 'pending'> {
  return {
    source: 'legacy',
    status: 'unresolved',
    reason: `the legacy side holds it: ${state}`,
    pending: { unspentToken: null },
  }
}

/** A message that the legacy side holds until its time; nobody else can take it. */
function scheduledOutcome(messageUuid: string, dueAt: string): MessageOutcome {
  return {
    messageUuid,
    source: 'legacy',
    status: 'scheduled',
    providerMessageId: null,
    fallback: null,
    reason: null,
    pending: { unspentToken: null, dueAt },
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
