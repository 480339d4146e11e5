import { Compile } from 'typebox/compile'
import { ServiceError, ServiceResponse } from '../contract/service-api.ts'
import type { CallFailure, CallOutcome } from '../core/evidence.ts'
import type { Exchange } from '../http/exchange.ts'

const responseShape = Compile(ServiceResponse)
const errorShape = Compile(ServiceError)

export interface Verdicts {
  readonly outcomeOf: (messageUuid: string) => CallOutcome
  /** Why the call as a whole counts as failed, for the breaker; undefined when the service answered. */
  readonly failure: string | undefined
}

/**
 * What one exchange with the service proves for each message of the call. Only a whole answer in the service's
 * own words is an answer; a proxy's page, a cut text and a message without a verdict are ambiguous.
 */
export function readVerdicts(exchange: Exchange): Verdicts {
  if (exchange.kind !== 'answer') return failed(exchange)
  const { status, text } = exchange
  const answer = parseJson(text)
  if (errorShape.Check(answer)) {
    const reason = `service: ${answer.error.code}: ${answer.error.message}`
    return { outcomeOf: () => ({ kind: 'answer', verdict: 'error', reason }), failure: undefined }
  }
  if (status === 200 && responseShape.Check(answer))
    return { outcomeOf: verdictsOf(answer), failure: undefined }
  const cause = status === 200 ? 'unreadable_answer' : 'foreign_error'
  return failed({ kind: 'ambiguous', cause, detail: `HTTP ${status} without the service's envelope` })
}

function failed(failure: CallFailure): Verdicts {
  return { outcomeOf: () => failure, failure: failure.detail }
}

function verdictsOf({ results }: ServiceResponse): (messageUuid: string) => CallOutcome {
  const byUuid = new Map(results.map((result) => [result.message_uuid, result]))
  return (messageUuid) => {
    const result = byUuid.get(messageUuid)
    if (!result) return { kind: 'ambiguous', cause: 'no_verdict', detail: 'the answer has no verdict for it' }
    const { status: verdict, reason, would } = result
    return {
      kind: 'answer',
      verdict,
      ...(reason === undefined ? {} : { reason }),
      ...(would === undefined ? {} : { would }),
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
