import type { ServiceMessage, ServiceResult } from '../contract/service-api.ts'
import type { Database } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import { rejectionReason, storableRecipient } from './message-check.ts'

const logRejected = statement<{ message_uuid: string }>(import.meta.url, './sql/log-rejected.sql')

export interface CheckedMessages {
  readonly acceptable: readonly ServiceMessage[]
  readonly rejected: readonly (ServiceResult & { status: 'rejected'; reason: string })[]
}

/** Parts what can be accepted from what cannot, and logs the rejections in `go_sms_logs`. */
export async function rejectUnacceptable(
  database: Database,
  messages: readonly ServiceMessage[],
  dryRun: boolean,
  isRoutable: (message: ServiceMessage) => boolean,
): Promise<CheckedMessages> {
  const reasonOf = (message: ServiceMessage) =>
    rejectionReason(message) ?? (isRoutable(message) ? undefined : 'to: no provider sends there')
  const checked = messages.map((message) => ({ message, reason: reasonOf(message) }))
  const bad = checked.flatMap(({ message, reason }) => (reason === undefined ? [] : [{ message, reason }]))
  if (bad.length > 0) {
    await database.run(logRejected, [
      bad.map(({ message }) => message.message_uuid),
      bad.map(({ message }) => storableRecipient(message)),
      bad.map(({ reason }) => reason),
      dryRun,
    ])
  }
  return {
    acceptable: checked.flatMap(({ message, reason }) => (reason === undefined ? [message] : [])),
    rejected: bad.map(({ message, reason }) => ({
      message_uuid: message.message_uuid,
      status: 'rejected',
      reason,
    })),
  }
}
