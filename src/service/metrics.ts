import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Database } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import type { Metrics } from '../http/metrics.ts'

const backlog = statement<{ state: string; messages: number; oldest_s: number }>(
  import.meta.url,
  './sql/backlog.sql',
)

/** What the messaging service tells of itself. `inFlight`: sends without an outcome yet. */
export function createServiceMetrics(database: Database, inFlight: () => number): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const gauge = (name: string, help: string, labelNames: string[] = []): Gauge =>
    new Gauge({ name: `baton_service_${name}`, help, labelNames, registers: [registry] })
  const sends = gauge('sends_in_flight', 'Sends of this process without an outcome yet.')
  const messagesOf = gauge('backlog_messages', 'Messages of the service that are not settled, by state.', [
    'state',
  ])
  const oldestOf = gauge('backlog_oldest_seconds', 'Age of the oldest of them, by state.', ['state'])
  return {
    registry,
    async refresh() {
      // While the database is away these figures are absent; the process goes on telling the others.
      const rows = await database.run(backlog).catch(() => [])
      sends.set(inFlight())
      messagesOf.reset()
      oldestOf.reset()
      for (const { state, messages, oldest_s } of rows) {
        messagesOf.set({ state }, messages)
        oldestOf.set({ state }, oldest_s)
      }
    },
  }
}
