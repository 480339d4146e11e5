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
  const dueAt = unresolved?.due_at ?? null
  const isHeld = dueAt !== null && ledger?.holder === 'legacy' && ledger.state === 'claimed'
  return {
    message_uuid,
    request_id: unresolved?.request_id ?? null,
    to: unresolved?.recipient ?? null,
    status: isHeld ? 'scheduled' : 'unresolved',
    ...(isHeld ? { send_at: dueAt } : {}),
    provider_message_id: null,
    fallback: unresolved?.fallback ?? null,
    reason: unresolved?.reason ?? null,
    authority,
  }
}
