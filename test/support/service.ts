// The messaging service alone, on a database of its own, with the vendors it is given.
import { after } from 'node:test'
import { uuidv7 } from 'uuidv7'
import type { ServiceMessage, ServiceResponse } from '../../src/contract/service-api.ts'
import type { RoutedProvider } from '../../src/service/providers.ts'
import type { WindowRule } from '../../src/service/sending-windows.ts'
import { startService, type ServiceConfig } from '../../src/service/service.ts'
import type { TestDatabase } from './database.ts'
import { eventually, keywords, quiet, sql } from './system.ts'

export interface LedgerState {
  message_uuid: string
  state: string
  attempts: number
  provider: string | null
  provider_message_id: string | null
  reason: string | null
}

export async function serviceWith(
  database: TestDatabase,
  list: () => readonly RoutedProvider[],
  {
    senderPaces = {},
    windows = [],
    ...changes
  }: Partial<ServiceConfig> & {
    senderPaces?: Record<string, number>
    windows?: readonly WindowRule[]
  } = {},
) {
  const service = await startService(
    {
      host: '127.0.0.1',
      port: 0,
      databaseUrl: database.serviceUrl,
      connectionsMax: 6,
      acceptDeadlineMs: 2_000,
      inDoubtAfterMs: 4_000,
      secret: null,
      gatewayUrl: null,
      publicUrl: null,
      keywords,
      ...changes,
    },
    () => ({ list: list(), senderPaces, windows }),
    quiet,
  )
  let running = true
  const stop = async () => {
    if (running) await service.stop()
    running = false
  }
  after(stop)
  const ask = <Row>(text: string) => sql<Row>(database, text)
  const rows = (uuids: readonly string[]) =>
    ask<LedgerState>(
      `select message_uuid, state, attempts, provider, provider_message_id, reason
       from messaging.execution_authority where message_uuid in (${uuids.map((uuid) => `'${uuid}'`).join(',')})
       order by message_uuid`,
    )
  return {
    url: service.url,
    stop,
    ask,
    rows,
    async accept(messages: readonly Partial<ServiceMessage>[]) {
      const whole = messages.map((message) => ({
        message_uuid: uuidv7(),
        to: '+12025550100',
        body: 'hello',
        ...message,
      }))
      const response = await fetch(`${service.url}/v1/messages`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ dry_run: false, messages: whole }),
      })
      const { results } = (await response.json()) as ServiceResponse
      const byUuid = new Map(results.map((result) => [result.message_uuid, result]))
      return {
        uuids: whole.map((message) => message.message_uuid),
        results: whole.map((message) => byUuid.get(message.message_uuid)),
      }
    },
    /** Waits until all of them are in one of these states. */
    async until(uuids: readonly string[], ...states: string[]): Promise<LedgerState[]> {
      return eventually(
        () => rows(uuids),
        (found) => found.length === uuids.length && found.every(({ state }) => states.includes(state)),
      )
    },
    async receipt(provider: string, body: object, token: string | null) {
      const response = await fetch(`${service.url}/receipts/${provider}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(token === null ? {} : { 'x-token': token }) },
        body: JSON.stringify(body),
      })
      await response.text()
      return response.status
    },
  }
}
