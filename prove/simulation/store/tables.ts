import type { AuthorityState, Holder } from '../../../src/core/authority-state.ts'
import type { Mode } from '../../../src/core/mode.ts'
import { createTable, type Journal, type Table } from './table.ts'

/** Times are ms of the simulated clock. */
export interface Authority {
  readonly message_uuid: string
  readonly state: AuthorityState
  readonly holder: Holder | null
  readonly epoch: number
  readonly attempt_token: string
  readonly attempts: number
  readonly provider: string | null
  readonly provider_message_id: string | null
  readonly reason: string | null
  readonly claimed_at: number
  readonly not_before: number
  readonly dispatched_at: number | null
  readonly settled_at: number | null
  readonly lane: string
  readonly route: readonly string[]
  readonly paced: string
  readonly priority: number
  readonly valid_until: number | null
  readonly sending_window: string
}

export interface Proof {
  readonly message_uuid: string
  readonly attempt_token: string
  readonly from_state: string
  readonly to_state: string
  readonly kind: string
}

export interface Check {
  readonly message_uuid: string
  readonly attempt_token: string
  readonly number: number
  readonly kind: string
  readonly provider: string
  readonly started_at: number
  readonly gives_up_at: number
  readonly ended_at: number | null
  readonly result: string | null
}

export interface GoLog {
  readonly message_uuid: string
  readonly dry_run: boolean
  readonly recipient: string
  readonly sender: string | null
  readonly body: string | null
  readonly status: string
  readonly provider: string | null
  readonly provider_message_id: string | null
  readonly reason: string | null
  readonly updated_at: number
  readonly delivery_status: string | null
  readonly version: number
  readonly report_at: number | null
  readonly report_tries: number
}

export interface StoredRequest {
  readonly request_id: string
  readonly tenant: string
  readonly idempotency_key: string | null
  readonly content_sha256: Uint8Array
  readonly mode: Mode
  readonly ramp_percent: number
  readonly epoch: number
  readonly body: string
  readonly sender: string | null
  readonly message_uuids: readonly string[]
  readonly recipients: readonly string[]
  readonly mentions: readonly number[]
  readonly priority: string | null
  readonly send_at: number | null
  readonly valid_until: number | null
  readonly segments_max: number | null
  readonly owner: number
  readonly received_at: number
  readonly answered_at: number | null
  readonly answer: string | null
}

export interface SmsLog {
  readonly message_uuid: string
  readonly source: 'legacy' | 'go'
  readonly dry_run: boolean
  readonly status: string
  readonly provider_message_id: string | null
  readonly request_id: string
  readonly tenant: string
  readonly recipient: string | null
  readonly mode: Mode
  readonly epoch: number
  readonly fallback: string | null
  readonly reason: string | null
  readonly delivery_status: string | null
  readonly delivery_version: number
  readonly handed_back: boolean
  readonly service_would: string | null
  readonly legacy_did: string | null
}

export interface QuotaAccount {
  readonly tenant: string
  readonly quota_limit: number
  readonly used: number
  readonly reserved: number
}

export interface Settlement {
  readonly message_uuid: string
  readonly tenant: string
  readonly charged: boolean
}

export interface Unresolved {
  readonly message_uuid: string
  readonly request_id: string
  readonly fallback: string | null
  readonly reason: string
  readonly unspent_token: string | null
  readonly noted_at: number
  /** When the legacy side sends what it holds; null: asked about again at once. */
  readonly due_at: number | null
  readonly handed_back: boolean
}

export interface LeftOut {
  readonly message_uuid: string
  readonly reason: string
}

export interface Rehearsed {
  readonly message_uuid: string
  readonly left_out: string | null
}

export interface ModeChange {
  readonly epoch: number
  readonly scope: string
  readonly mode: Mode
  readonly ramp_percent: number
  readonly reason: string
  readonly changed_at: number
}

/** One committed step of a ledger row; `from` is null for its first. */
export interface Step {
  readonly from: Authority | null
  readonly to: Authority
}

export interface Tables {
  readonly journal: Journal
  readonly authority: Table<Authority>
  readonly proofs: Table<Proof>
  readonly checks: Table<Check>
  readonly goLogs: Table<GoLog>
  readonly requests: Table<StoredRequest>
  readonly smsLogs: Table<SmsLog>
  readonly accounts: Table<QuotaAccount>
  readonly settlements: Table<Settlement>
  readonly unresolved: Table<Unresolved>
  readonly modes: Table<ModeChange>
  readonly leftOut: Table<LeftOut>
  readonly rehearsals: Table<Rehearsed>
  /** Every step of every ledger row, in order; for whoever judges. */
  readonly steps: Step[]
  /** Advisory locks that are held. */
  readonly locks: Set<number>
}

export function createTables(): Tables {
  const journal: Journal = []
  const tables: Tables = {
    journal,
    authority: createTable(journal),
    proofs: createTable(journal),
    checks: createTable(journal),
    goLogs: createTable(journal),
    requests: createTable(journal),
    smsLogs: createTable(journal),
    accounts: createTable(journal),
    settlements: createTable(journal),
    unresolved: createTable(journal),
    modes: createTable(journal),
    leftOut: createTable(journal),
    rehearsals: createTable(journal),
    steps: [],
    locks: new Set(),
  }
  const installed = { scope: '*', mode: 'OFF', ramp_percent: 100, reason: 'installed' } as const
  tables.modes.put('1', { epoch: 1, ...installed, changed_at: 0 })
  journal.length = 0
  return tables
}

export const goLogKey = (messageUuid: string, dryRun: boolean): string => `${messageUuid} ${dryRun}`
export const smsLogKey = (messageUuid: string, source: string, dryRun: boolean): string =>
  `${messageUuid} ${source} ${dryRun}`
export const checkKey = (messageUuid: string, token: string, number: number): string =>
  `${messageUuid} ${token} ${number}`

export const byUuid = (a: { message_uuid: string }, b: { message_uuid: string }): number =>
  a.message_uuid < b.message_uuid ? -1 : 1
export const uuidOf = ({ message_uuid }: { message_uuid: string }) => ({ message_uuid })
