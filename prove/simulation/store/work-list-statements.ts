// The gateway's work list of messages that the legacy side holds, each statement under the name of its SQL file.
import { duePage, textOf } from './instants.ts'
import { column, FOREIGN_KEY_VIOLATION, scalar, serverError } from './parameters.ts'
import type { Statements } from './statements.ts'
import { smsLogKey } from './tables.ts'

export const workListStatements: Statements = {
  'gateway/due-messages': (tables, parameters, now) => {
    const last = { due_at: scalar<string>(parameters, 2), message_uuid: scalar<string>(parameters, 3) }
    const rows = tables.unresolved
      .all()
      .flatMap((row) => (row.due_at === null ? [] : [{ ...row, atMs: row.due_at }]))
    return duePage(rows, now, last, scalar(parameters, 1)).map(
      ({ message_uuid, request_id, fallback, atMs }) => ({
        message_uuid,
        request_id,
        fallback,
        due_at: textOf(atMs),
      }),
    )
  },

  'gateway/note-handed-back': (tables, parameters, now) =>
    [...new Set(column<string>(parameters, 1))].flatMap((message_uuid) => {
      const key = smsLogKey(message_uuid, 'go', false)
      const row = tables.smsLogs.get(key)
      if (!row || (row.status !== 'accepted' && row.status !== 'duplicate')) return []
      const { request_id } = row
      tables.smsLogs.put(key, { ...row, delivery_status: 'handed_back' })
      const noted = tables.unresolved.get(message_uuid)
      if (!noted && !tables.requests.get(request_id))
        throw serverError(FOREIGN_KEY_VIOLATION, 'unresolved_messages: the request is not there')
      const fresh = {
        message_uuid,
        request_id,
        fallback: null,
        reason: 'handed back by the messaging service',
        unspent_token: null,
        noted_at: now,
        due_at: null,
      }
      tables.unresolved.put(message_uuid, { ...fresh, ...noted, handed_back: true })
      return [{ message_uuid, request_id }]
    }),

  'gateway/note-unspent': (tables, parameters) =>
    column<string>(parameters, 1).flatMap((message_uuid) => {
      const row = tables.unresolved.get(message_uuid)
      if (!row) return []
      tables.unresolved.put(message_uuid, { ...row, unspent_token: scalar(parameters, 2), due_at: null })
      return [{ message_uuid }]
    }),
}
