import type { Logger } from 'pino'
import type {
  ServiceMessage,
  ServiceRequest,
  ServiceResponse,
  ServiceResult,
} from '../contract/service-api.ts'
import type { Database } from '../db/database.ts'
import type { Acceptance } from './accept.ts'
import { answerDryRun } from './dry-run.ts'
import type { Forecast } from './forecast.ts'
import { rejectUnacceptable } from './reject.ts'

export interface AnswerMessagesOptions {
  readonly database: Database
  readonly accept: (messages: readonly ServiceMessage[]) => Promise<Acceptance[]>
  readonly isRoutable: (message: ServiceMessage) => boolean
  readonly forecast: Forecast
  readonly log: Logger
}

/** What a call of the gateway is answered: a verdict for each message whose outcome is known. */
export type AnswerMessages = (request: ServiceRequest) => Promise<ServiceResponse>

export function createAnswerMessages(options: AnswerMessagesOptions): AnswerMessages {
  const { database, accept, isRoutable, forecast, log } = options
  return async ({ dry_run, messages }) => {
    const { acceptable, rejected } = await rejectUnacceptable(database, messages, dry_run, isRoutable)
    if (dry_run) {
      const shadowed = acceptable.length > 0 ? await answerDryRun(database, log, acceptable, forecast) : []
      const byUuid = new Map(messages.map((message) => [message.message_uuid, message]))
      const foretold = rejected.map((result): ServiceResult => {
        const message = byUuid.get(result.message_uuid)
        return message ? { ...result, would: forecast(message, result.reason) } : result
      })
      return { results: [...shadowed, ...foretold] }
    }
    const acceptances = await accept(acceptable)
    const results: ServiceResult[] = [...rejected]
    const unresolved: string[] = []
    acceptable.forEach(({ message_uuid }, index) => {
      const acceptance = acceptances[index] ?? 'unresolved'
      if (acceptance === 'unresolved') unresolved.push(message_uuid)
      else results.push(resultOf(message_uuid, acceptance))
    })
    return unresolved.length > 0 ? { results, unresolved } : { results }
  }
}

function resultOf(message_uuid: string, acceptance: Exclude<Acceptance, 'unresolved'>): ServiceResult {
  return acceptance === 'stopped'
    ? { message_uuid, status: 'rejected', reason: 'to: has opted out' }
    : { message_uuid, status: acceptance }
}
