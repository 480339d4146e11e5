import type { Logger } from 'pino'
import type { ServiceMessage, ServiceResult } from '../contract/service-api.ts'
import type { Database } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import type { Forecast } from './forecast.ts'

const logDryRun = statement<{ message_uuid: string }>(import.meta.url, './sql/log-dry-run.sql')

const OPTED_OUT = 'to: has opted out'

/**
 * The dry-run guard. It stands right behind validation and returns: from here neither the ledger nor a provider
 * can be reached (a layer rule forbids the imports), so a call in SHADOW cannot send. It answers as acceptance
 * would, and what would be done.
 */
export async function answerDryRun(
  database: Database,
  log: Logger,
  messages: readonly ServiceMessage[],
  forecast: Forecast,
): Promise<ServiceResult[]> {
  const rows = await database.run(logDryRun, [
    messages.map((message) => message.message_uuid),
    messages.map((message) => message.to),
    messages.map((message) => message.from ?? null),
  ])
  const stopped = new Set(rows.map((row) => row.message_uuid))
  log.info(
    { messages: messages.length, first_message_uuid: messages[0]?.message_uuid },
    'DRY_RUN_NO_PROVIDER_CALL',
  )
  return messages.map((message) => {
    const { message_uuid } = message
    return stopped.has(message_uuid)
      ? { message_uuid, status: 'rejected', reason: OPTED_OUT, would: forecast(message, OPTED_OUT) }
      : { message_uuid, status: 'accepted', would: forecast(message, null) }
  })
}
