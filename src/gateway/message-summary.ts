import type { MessageHistory } from './message-history.ts'

/** A message as its tenant sees it. */
export function summarize({ message_uuid, sms_logs, unresolved, ledger }: MessageHistory) {
  const logged = sms_logs.find((row) => !row.dry_run)
  const authority = ledger && { state: ledger.state, holder: ledger.holder }
  if (logged) {
    const { request_id, recipient, mode, source, status, fallback, reason } = logged
    const end = endOf(sms_logs) ?? logged
    return {
      message_uuid,
      request_id,
      to: recipient,
      mode,
      source,
      status,
      provider_message_id: end.provider_message_id ?? ledger?.provider_message_id ?? null,
      fallback,
      reason,
      delivery_status: end.delivery_status,
      authority,
    }
  }
  return { message_uuid, ...summarizeUnresolved(unresolved, ledger), authority }
}

function summarizeUnresolved(
  unresolved: MessageHistory['unresolved'],
  ledger: MessageHistory['ledger'],
): object {
  if (!unresolved) return { status: 'unresolved' }
  const { request_id, recipient: to, fallback, reason, due_at } = unresolved
  const isHeld = due_at !== null && ledger?.holder === 'legacy' && ledger.state === 'claimed'
  const status = isHeld ? { status: 'scheduled', send_at: due_at } : { status: 'unresolved' }
  return { request_id, to, ...status, provider_message_id: null, fallback, reason }
}

/** A verdict stays; of a message that was handed back the legacy side's row tells what became of it. */
function endOf(rows: MessageHistory['sms_logs']) {
  const row = rows.find((one) => one.handed_back)
  return row && { provider_message_id: row.provider_message_id, delivery_status: deliveries[row.status] }
}

const deliveries: Readonly<Record<string, string>> = {
  sent: 'sent',
  failed: 'refused',
  in_doubt: 'in_doubt',
}
