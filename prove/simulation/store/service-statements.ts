// The service's own statements, each under the name of its SQL file.
import { putGoLog, updateGoLog } from './ledger.ts'
import { column, scalar } from './parameters.ts'
import type { Statements } from './statements.ts'
import { goLogKey, type GoLog } from './tables.ts'

const fresh = {
  body: null,
  provider: null,
  provider_message_id: null,
  reason: null,
  delivery_status: null,
  version: 0,
  report_at: null,
  report_tries: 0,
} as const

export const serviceStatements: Statements = {
  // Nobody has opted out here: no message is stopped.
  'service/log-dry-run': (tables, parameters, now) => {
    column<string>(parameters, 1).forEach((message_uuid, index) => {
      if (tables.goLogs.get(goLogKey(message_uuid, true))) return
      putGoLog(tables, {
        ...fresh,
        message_uuid,
        dry_run: true,
        recipient: column<string>(parameters, 2)[index] ?? '',
        sender: column<string | null>(parameters, 3)[index] ?? null,
        status: 'accepted',
        updated_at: now,
      })
    })
    return []
  },

  'service/log-rejected': (tables, parameters, now) =>
    column<string>(parameters, 1).flatMap((message_uuid, index) => {
      const dry_run = scalar<boolean>(parameters, 4)
      if (tables.goLogs.get(goLogKey(message_uuid, dry_run))) return []
      const recipient = column<string>(parameters, 2)[index] ?? ''
      const reason = column<string>(parameters, 3)[index] ?? null
      const row = { ...fresh, message_uuid, dry_run, recipient, sender: null, status: 'rejected', reason }
      putGoLog(tables, { ...row, updated_at: now })
      return [{ message_uuid }]
    }),

  'service/due-reports': (tables, parameters, now) =>
    tables.goLogs
      .all()
      .filter((row) => !row.dry_run && row.report_at !== null && row.report_at <= now)
      .toSorted((a, b) => (a.report_at ?? 0) - (b.report_at ?? 0))
      .slice(0, scalar<number>(parameters, 1))
      .map((row) => {
        const report_at = now + scalar<number>(parameters, 2)
        const report_tries = row.report_tries + 1
        updateGoLog(tables, row.message_uuid, { report_at, report_tries }, now)
        return reportOf({ ...row, report_tries })
      }),

  'service/end-reports': (tables, parameters, now) =>
    column<string>(parameters, 1).flatMap((message_uuid, index) => {
      const row = tables.goLogs.get(goLogKey(message_uuid, false))
      if (!row || row.version !== column<number>(parameters, 2)[index]) return []
      const againMs = column<number | null>(parameters, 3)[index] ?? null
      updateGoLog(tables, message_uuid, { report_at: againMs === null ? null : now + againMs }, now)
      return [{ message_uuid }]
    }),

  // No provider of the simulation gives receipts: there is nothing to match.
  'service/match-receipts': () => [],
}

function reportOf(row: GoLog) {
  const { message_uuid, version, status, delivery_status, provider_message_id, reason, report_tries } = row
  const told = { message_uuid, version, status, delivery_status, provider_message_id, reason, report_tries }
  return { ...told, delivery_error: null, at_ms: row.updated_at }
}
