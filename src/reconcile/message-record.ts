import type { AuthorityState, Holder } from '../core/authority-state.ts'
import type { Mode } from '../core/mode.ts'
import type { Runner } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import { widen } from './uuid-range.ts'

/** A status with its age in ms, by the clock of the database it stands in. */
export interface Aged<Status> {
  readonly status: Status
  readonly ageMs: number
}

export type GoStatus = 'accepted' | 'rejected' | 'sent' | 'refused' | 'in_doubt' | 'void' | 'handed_back'

/** Everything both databases have of one message; null: no row. */
export interface MessageRecord {
  readonly messageUuid: string
  readonly request: { readonly requestId: string; readonly answered: boolean; readonly ageMs: number } | null
  readonly unresolved: { readonly ageMs: number } | null
  readonly sms: {
    readonly legacy: (Aged<'sent' | 'failed' | 'in_doubt'> & { readonly mode: Mode }) | null
    readonly go:
      | (Aged<'accepted' | 'duplicate' | 'rejected'> & {
          readonly mode: Mode
          /** What the service has told of it since. */
          readonly delivery: string | null
        })
      | null
    readonly dry: Aged<'accepted' | 'duplicate' | 'rejected'> | null
  }
  readonly quota: { readonly charged: boolean; readonly ageMs: number } | null
  readonly go: {
    readonly real:
      | (Aged<GoStatus> & {
          readonly providerMessageId: string | null
          readonly reason: string | null
          readonly delivery: string | null
          /** Rises with every change that the gateway is told of. */
          readonly version: number
        })
      | null
    readonly dry: (Aged<'accepted' | 'rejected'> & { readonly reason: string | null }) | null
  }
  readonly ledger:
    | (Aged<AuthorityState> & {
        readonly holder: Holder | null
        /** Claimed for a time that has not come, it is not. */
        readonly isDue: boolean
      })
    | null
}

interface LegacyRow {
  message_uuid: string
  legacy_status: 'sent' | 'failed' | 'in_doubt' | null
  legacy_mode: Mode
  legacy_age_ms: number
  go_status: 'accepted' | 'duplicate' | 'rejected' | null
  go_mode: Mode
  go_age_ms: number
  delivery_status: string | null
  dry_status: 'accepted' | 'duplicate' | 'rejected' | null
  dry_age_ms: number
  charged: boolean | null
  quota_age_ms: number
  unresolved_age_ms: number | null
  request_id: string | null
  request_age_ms: number
  answered_age_ms: number | null
}

interface MessagingRow {
  message_uuid: string
  go_status: GoStatus | null
  provider_message_id: string | null
  reason: string | null
  delivery_status: string | null
  version: number
  go_age_ms: number
  dry_status: 'accepted' | 'rejected' | null
  dry_reason: string | null
  dry_age_ms: number
  holder: Holder | null
  ledger_state: AuthorityState | null
  is_due: boolean
  ledger_age_ms: number
}

const legacyRows = statement<LegacyRow>(import.meta.url, './sql/record-legacy.sql')
const messagingRows = statement<MessagingRow>(import.meta.url, './sql/record-messaging.sql')

// A request is recorded under an id made in the same moment as its messages'; the margin is for a slow process.
const NEAR_MARGIN_MS = 5_000

/** Reads messages from both databases, each as it is now. */
export async function readRecords(
  legacy: Runner,
  messaging: Runner,
  messageUuids: readonly string[],
): Promise<MessageRecord[]> {
  const near = messageUuids.map((uuid) => widen({ from: uuid, to: uuid }, NEAR_MARGIN_MS))
  const [ours, theirs] = await Promise.all([
    legacy.run(legacyRows, [messageUuids, near.map(({ from }) => from), near.map(({ to }) => to)]),
    messaging.run(messagingRows, [messageUuids]),
  ])
  const byUuid = new Map(theirs.map((row) => [row.message_uuid, row]))
  return ours.map((row) => toRecord(row, byUuid.get(row.message_uuid)))
}

function toRecord(ours: LegacyRow, theirs: MessagingRow | undefined): MessageRecord {
  const { legacy_status, go_status, dry_status, charged, unresolved_age_ms, request_id } = ours
  return {
    messageUuid: ours.message_uuid,
    request: request_id === null ? null : requestOf(ours, request_id),
    unresolved: unresolved_age_ms === null ? null : { ageMs: unresolved_age_ms },
    sms: {
      legacy: legacy_status && { status: legacy_status, mode: ours.legacy_mode, ageMs: ours.legacy_age_ms },
      go: go_status && {
        status: go_status,
        mode: ours.go_mode,
        ageMs: ours.go_age_ms,
        delivery: ours.delivery_status,
      },
      dry: dry_status && { status: dry_status, ageMs: ours.dry_age_ms },
    },
    quota: charged === null ? null : { charged, ageMs: ours.quota_age_ms },
    go: theirs ? goOf(theirs) : { real: null, dry: null },
    ledger: theirs?.ledger_state
      ? {
          status: theirs.ledger_state,
          holder: theirs.holder,
          isDue: theirs.is_due,
          ageMs: theirs.ledger_age_ms,
        }
      : null,
  }
}

function requestOf(row: LegacyRow, requestId: string): MessageRecord['request'] {
  const { request_age_ms, answered_age_ms } = row
  return { requestId, answered: answered_age_ms !== null, ageMs: answered_age_ms ?? request_age_ms }
}

function goOf(row: MessagingRow): MessageRecord['go'] {
  const { go_status, dry_status, provider_message_id: providerMessageId, reason, version } = row
  const delivery = row.delivery_status
  return {
    real: go_status && {
      status: go_status,
      ageMs: row.go_age_ms,
      providerMessageId,
      reason,
      delivery,
      version,
    },
    dry: dry_status && { status: dry_status, ageMs: row.dry_age_ms, reason: row.dry_reason },
  }
}
