import type { Logger } from 'pino'
import type { ServiceMessage, ServiceResult } from '../contract/service-api.ts'
import type { Database } from '../db/database.ts'
import { statement } from '../db/statement.ts'

const logDryRun = statement<{ message_uuid: string }>(import.meta.url, './sql/log-dry-run.sql')

/**
 * The dry-run guard. It stands right behind validation and returns: from here neither the ledger nor a provider
 * can be reached (a layer rule forbids the imports), so a call in SHADOW cannot send.
 */
export async function answerDryRun(
  database: Database,
  log: Logger,
  messages: readonly ServiceMessage[],
): Promise<ServiceResult[]> {
  await database.run(logDryRun, [
    messages.map((message) => message.message_uuid),
    messages.map((message) => message.to),
    messages.map((message) => message.from ?? null),
  ])
  log.info(
    { messages: messages.length, first_message_uuid: messages[0]?.message_uuid },
    'DRY_RUN_NO_PROVIDER_CALL',
  )
  return messages.map(({ message_uuid }) => ({ message_uuid, status: 'accepted' }))
}
