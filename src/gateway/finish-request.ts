import type { Logger } from 'pino'
import type { MessageOutcome } from '../core/message-outcome.ts'
import { answerFor } from './answer.ts'
import type { Controller } from './controller.ts'
import type { Answered } from './record-answer.ts'
import type { SmsRequest } from './sms-request.ts'

export interface Handled {
  /** The answer as JSON text. */
  readonly json: string
  /** Whether it was given before, under the same Idempotency-Key. */
  readonly replayed: boolean
}

/**
 * Sends the `rest` of a request's messages, records them with the `known` ones, and gives the answer. What the
 * legacy side sent is settled in the ledger meanwhile: both are durable before the answer is given.
 */
export type Finish = (
  request: SmsRequest,
  known: readonly MessageOutcome[],
  rest: readonly string[],
) => Promise<Handled>

export function createFinish(
  control: Controller,
  settled: (messageUuids: readonly string[]) => Promise<void>,
  record: (answered: Answered) => Promise<void>,
  log: Logger,
): Finish {
  return async (request, known, rest) => {
    const outcomes = [...known, ...(await control(request, rest))]
    const json = JSON.stringify(answerFor(request, outcomes))
    const recorded = record({ request, outcomes, answer: { json: request.keyed ? json : null } })
    // What happened has happened: the answer is true, and the settler records it from the ledger.
    const noted = recorded.catch((err: unknown) =>
      log.error({ err, request_id: request.requestId }, 'answer not recorded: left to the settler'),
    )
    await Promise.all([noted, settled(rest)])
    return { json, replayed: false }
  }
}
