import type { MessageRecord } from './message-record.ts'

/** What `sms_logs` and the ledger say differently about who sends a message; undefined: nothing. */
export function ledgerDetail(record: MessageRecord): string | undefined {
  const { sms, ledger: row, request, go } = record
  if (!sms.go && !sms.legacy) {
    const isEntered = request !== null || go.real !== null
    return row && !isEntered ? 'the ledger has it, and nobody entered it' : undefined
  }
  if (!row) return 'it has an outcome and no row in the ledger'
  if (go.real?.status === 'handed_back') return handedBackDetail(record, row)
  if (sms.go) return serviceDetail(record, row)
  if (row.holder === 'go') return 'the legacy side answered for it, and the service holds it'
  return sms.legacy ? legacyDetail(sms.legacy.status, row) : undefined
}

type LedgerRow = NonNullable<MessageRecord['ledger']>

function serviceDetail({ sms, go }: MessageRecord, { holder }: LedgerRow): string | undefined {
  const who = holder ?? 'nobody'
  if (sms.go?.status === 'rejected')
    return who === 'nobody' ? undefined : `the service rejected it, and ${who} holds it`
  // Void after it was taken: whether somebody was told is a question of its own.
  const isVoid = holder === null && go.real?.status === 'void'
  return who === 'go' || isVoid ? undefined : `the service took it, and ${who} holds it`
}

/**
 * Handed back: accepted, then taken from the service unsent. One send at most, by whom the ledger names: the
 * verdict stays in sms_logs, and the legacy side's row stands beside it.
 */
function handedBackDetail({ sms }: MessageRecord, row: LedgerRow): string | undefined {
  if (row.holder === 'go') return 'handed back by the service, which holds it'
  if (sms.legacy) return legacyDetail(sms.legacy.status, row)
  return row.holder === 'legacy' && row.isDue
    ? 'handed back, and the legacy side has no outcome for it'
    : undefined
}

/** In doubt may have been settled since; what was sent must be, what failed must not. */
function legacyDetail(status: 'sent' | 'failed' | 'in_doubt', row: LedgerRow): string | undefined {
  const isHeld = row.holder === 'legacy' && row.status !== 'refused'
  if (status === 'sent' && !isHeld) return 'sent, and the ledger says it was not'
  if (status === 'failed' && row.status === 'sent') return 'failed, and the ledger says it was sent'
  return undefined
}
