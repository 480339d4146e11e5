import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'
import type { Database } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import type { Metrics } from '../http/metrics.ts'

const backlog = statement<{ state: string; messages: number; oldest_s: number }>(
  import.meta.url,
  './sql/backlog.sql',
)

const waitingReceipts = statement<{ receipts: number }>(import.meta.url, './sql/waiting-receipts.sql')

/** What the messaging service tells of itself. `inFlight`: sends without an outcome yet. */
export function createServiceMetrics(
  database: Database,
  inFlight: () => number,
  counted: () => Readonly<Record<string, number>>,
): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const gauge = (name: string, help: string, labelNames: string[] = []): Gauge =>
    new Gauge({ name: `baton_service_${name}`, help, labelNames, registers: [registry] })
  const sends = gauge('sends_in_flight', 'Sends of this process without an outcome yet.')
  const events = new Counter({
    name: 'baton_service_events_total',
    help: 'What this process has counted since it started.',
    labelNames: ['what'],
    registers: [registry],
  })
  const orphans = gauge(
    'receipts_orphaned',
    'Receipts that have fitted no message for five minutes and more.',
  )
  const messagesOf = gauge('backlog_messages', 'Messages of the service that are not settled, by state.', [
    'state',
  ])
  const oldestOf = gauge('backlog_oldest_seconds', 'Age of the oldest of them, by state.', ['state'])
  return {
    registry,
    async refresh() {
      // While the database is away these figures are absent; the process goes on telling the others.
      const [rows, [waiting]] = await Promise.all([
        database.run(backlog).catch(() => []),
        database.run(waitingReceipts).catch(() => []),
      ])
      sends.set(inFlight())
      events.reset()
      for (const [what, times] of Object.entries(counted())) events.inc({ what }, times)
      if (waiting) orphans.set(waiting.receipts)
      else orphans.reset()
      messagesOf.reset()
      oldestOf.reset()
      for (const { state, messages, oldest_s } of rows) {
        messagesOf.set({ state }, messages)
        oldestOf.set({ state }, oldest_s)
      }
    },
  }
}
