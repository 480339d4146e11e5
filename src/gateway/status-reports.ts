import { StatusReports, StatusReportsAnswer, type StatusReport } from '../contract/status-report.ts'
import type { Database } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import { authenticateCalls } from '../http/authenticate-calls.ts'
import { problem, type Server } from '../http/server.ts'

const record = statement<{ message_uuid: string }>(import.meta.url, './sql/record-reports.sql')

const LOOPBACK = /^(127\.|::1$|::ffff:127\.)/

/**
 * `POST /v1/status-reports`: what the service says became of messages, at least once and in any order. Signed
 * with the shared secret; without one only callers on this machine are believed.
 */
export function addStatusReports(server: Server, database: Database, secret: string | null): void {
  server.register(async (scope: Server) => {
    if (secret !== null) authenticateCalls(scope, secret)
    scope.post(
      '/v1/status-reports',
      { schema: { body: StatusReports, response: { 200: StatusReportsAnswer } } },
      async ({ body, ip }) => {
        if (secret === null && !LOOPBACK.test(ip)) {
          throw problem(
            401,
            'not_authenticated',
            'status reports: without BATON_SERVICE_SECRET only from this machine',
          )
        }
        return { unknown: await recordReports(database, body.reports) }
      },
    )
  })
}

/** Writes them into `sms_logs`; returns the messages that are not logged there yet. Safe to repeat. */
export async function recordReports(database: Database, reports: readonly StatusReport[]): Promise<string[]> {
  const sorted = reports.toSorted((a, b) => (a.message_uuid < b.message_uuid ? -1 : 1))
  const rows = await database.run(record, [
    sorted.map((report) => report.message_uuid),
    sorted.map((report) => report.version),
    sorted.map((report) => report.status),
    sorted.map((report) => report.provider_message_id),
    sorted.map((report) => report.error),
    sorted.map((report) => report.at_ms),
  ])
  return rows.map((row) => row.message_uuid)
}
