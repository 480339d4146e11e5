import { Compile } from 'typebox/compile'
import type { Logger } from 'pino'
import { REPORTS_MAX, StatusReportsAnswer, type StatusReport } from '../contract/status-report.ts'
import type { Database } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import type { HttpPeer } from '../http/exchange.ts'
import type { DeliveryStatus } from '../providers/receipt.ts'
import { createBell } from '../process/bell.ts'
import type { Counters } from './counters.ts'

interface DueRow {
  message_uuid: string
  version: number
  status: 'sent' | 'refused' | 'in_doubt' | 'void'
  delivery_status: DeliveryStatus | null
  provider_message_id: string | null
  reason: string | null
  delivery_error: string | null
  report_tries: number
  at_ms: number
}

const due = statement<DueRow>(import.meta.url, './sql/due-reports.sql')
const end = statement<{ message_uuid: string }>(import.meta.url, './sql/end-reports.sql')
const answerSchema = Compile(StatusReportsAnswer)

const CALL_TIMEOUT_MS = 5_000
const TAKEN_MS = 15_000
const AGAIN_FIRST_MS = 500
const AGAIN_MAX_MS = 600_000
const IDLE_MS = 500

export interface ReporterOptions {
  readonly database: Database
  readonly gateway: HttpPeer
  readonly counters: Counters
  readonly log: Logger
}

/**
 * Tells the gateway what became of messages: at least once, batched, again with growing pauses until it has
 * them. What there is to tell stands in the database alone.
 */
export function startReporter(options: ReporterOptions): { wake(): void; stop(): Promise<void> } {
  const { database, gateway, counters, log } = options
  const stopping = new AbortController()
  const bell = createBell(stopping.signal)

  async function round(): Promise<number> {
    const rows = await database.run(due, [REPORTS_MAX, TAKEN_MS])
    if (rows.length === 0) return 0
    const unknown = await tell(rows.map(toReport))
    const isTold = (row: DueRow) => unknown !== undefined && !unknown.has(row.message_uuid)
    counters.count('reports_sent', rows.filter(isTold).length)
    counters.count('reports_failed', rows.filter((row) => !isTold(row)).length)
    const sorted = rows.toSorted((a, b) => (a.message_uuid < b.message_uuid ? -1 : 1))
    await database.run(end, [
      sorted.map((row) => row.message_uuid),
      sorted.map((row) => row.version),
      sorted.map((row) => (isTold(row) ? null : againMs(row.report_tries))),
    ])
    return unknown === undefined ? 0 : rows.length
  }

  /** The messages that the gateway does not know yet; undefined when it was not told for sure. */
  async function tell(reports: readonly StatusReport[]): Promise<ReadonlySet<string> | undefined> {
    const exchange = await gateway.exchange({
      method: 'POST',
      path: '/v1/status-reports',
      body: JSON.stringify({ reports }),
      timeoutMs: CALL_TIMEOUT_MS,
    })
    if (exchange.kind !== 'answer' || exchange.status !== 200) {
      const what = exchange.kind === 'answer' ? `HTTP ${exchange.status}` : exchange.cause
      log.warn({ what, reports: reports.length }, 'the gateway could not be told; again later')
      return undefined
    }
    const answer = parseJson(exchange.text)
    return answerSchema.Check(answer) ? new Set(answer.unknown) : undefined
  }

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      bell.quiet()
      let told = 0
      try {
        told = await round()
      } catch (err) {
        log.error({ err }, 'reports: the database cannot be asked')
      }
      if (told < REPORTS_MAX) await bell.wait(IDLE_MS)
    }
  }

  const working = loop()
  return {
    wake: () => bell.ring(),
    async stop() {
      stopping.abort()
      await working
      await gateway.close()
    },
  }
}

function againMs(tries: number): number {
  return Math.min(AGAIN_MAX_MS, AGAIN_FIRST_MS * 2 ** Math.min(tries, 20)) * (0.75 + Math.random() / 2)
}

function toReport(row: DueRow): StatusReport {
  const error = row.delivery_error ?? (row.status === 'sent' ? null : row.reason)
  return {
    message_uuid: row.message_uuid,
    version: row.version,
    status: row.status === 'sent' ? (row.delivery_status ?? 'sent') : row.status,
    provider_message_id: row.provider_message_id,
    error: error?.slice(0, 512) ?? null,
    at_ms: Math.floor(row.at_ms),
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
