import type { MessageHistory } from './message-history.ts'

/** A message as its tenant sees it. */
export function summarize({ message_uuid, sms_logs, unresolved, ledger }: MessageHistory) {
  const logged = sms_logs.find((row) => !row.dry_run)
  const authority = ledger && { state: ledger.state, holder: ledger.holder }
  if (logged) {
    const { request_id, recipient, mode, source, status, fallback, reason } = logged
    return {
      message_uuid,
      request_id,
      to: recipient,
      mode,
      source,
      status,
      provider_message_id: logged.provider_message_id ?? ledger?.provider_message_id ?? null,
      fallback,
      reason,
      delivery_status: logged.delivery_status,
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
