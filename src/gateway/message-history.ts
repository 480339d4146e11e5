import { readAuthority } from '../authority/rows.ts'
import type { AuthorityRow } from '../core/authority-state.ts'
import type { Database } from '../db/database.ts'
import { statement } from '../db/statement.ts'

interface SmsLogRow {
  source: 'legacy' | 'go'
  dry_run: boolean
  status: string
  provider_message_id: string | null
  request_id: string
  recipient: string
  mode: string
  epoch: number
  fallback: string | null
  reason: string | null
  /** What the service says became of it. */
  delivery_status: string | null
  delivery_at: Date | null
  delivery_error: string | null
  /** The legacy side's send of a message that the service had accepted and handed back. */
  handed_back: boolean
  created_at: Date
}

interface UnresolvedRow {
  request_id: string
  fallback: string | null
  reason: string
  noted_at: Date
  /** When the legacy side sends what it holds. */
  due_at: Date | null
  tenant: string
  recipient: string
}

interface GoLogRow {
  dry_run: boolean
  status: string
  provider: string | null
  provider_message_id: string | null
  reason: string | null
  created_at: Date
  updated_at: Date
}

const smsLogs = statement<SmsLogRow>(import.meta.url, './sql/message.sql')
const unresolved = statement<UnresolvedRow>(import.meta.url, './sql/unresolved-message.sql')
const goLogs = statement<GoLogRow>(import.meta.url, './sql/go-log.sql')

/** Everything that is known of one message: both logs and the ledger. */
export interface MessageHistory {
  readonly message_uuid: string
  readonly sms_logs: readonly SmsLogRow[]
  readonly unresolved: UnresolvedRow | null
  readonly ledger: ReturnType<typeof ledgerView> | null
  readonly go_sms_logs: readonly GoLogRow[]
}

/** Undefined when this tenant (null: any) has no such message. */
export async function readMessageHistory(
  legacyDatabase: Database,
  ledgerDatabase: Database,
  messageUuid: string,
  tenant: string | null,
): Promise<MessageHistory | undefined> {
  const [logged, [pending]] = await Promise.all([
    legacyDatabase.run(smsLogs, [messageUuid, tenant]),
    legacyDatabase.run(unresolved, [messageUuid, tenant]),
  ])
  if (logged.length === 0 && !pending) return undefined
  const [ledger, goLogged] = await Promise.all([
    readAuthority(ledgerDatabase, [messageUuid]),
    ledgerDatabase.run(goLogs, [messageUuid]),
  ])
  const row = ledger.get(messageUuid)
  return {
    message_uuid: messageUuid,
    sms_logs: logged,
    unresolved: pending ?? null,
    ledger: row ? ledgerView(row) : null,
    go_sms_logs: goLogged,
  }
}

function ledgerView({ state, holder, epoch, provider, providerMessageId, reason }: AuthorityRow) {
  return { state, holder, epoch, provider, provider_message_id: providerMessageId, reason }
}
