import { fallbackOf, type CallFailure, type Fallback, type ServiceAnswer } from '../core/evidence.ts'
import type { MessageOutcome } from '../core/message-outcome.ts'
import type { LegacySender } from './legacy-send.ts'
import type { ServiceClient } from './service-client.ts'
import type { EnteredMessage } from './sms-request.ts'

export interface OnSenderOptions {
  readonly client: ServiceClient
  readonly legacy: LegacySender
  /** What an answer of the service means for the caller. */
  readonly report: (messageUuid: string, answer: ServiceAnswer) => Promise<MessageOutcome>
}

interface Answered {
  readonly message: EnteredMessage
  readonly answer: ServiceAnswer
}

/** A failed call: the only thing that a fallback can be made from. */
interface Failed {
  readonly message: EnteredMessage
  readonly failure: CallFailure
}

/** ON: the service sends; legacy only on the evidence of a failed call, and only what the ledger grants it. */
export function createOnSender(
  options: OnSenderOptions,
): (messages: readonly EnteredMessage[]) => Promise<MessageOutcome[]> {
  const { client, legacy, report } = options

  async function fallBack(failed: readonly Failed[]): Promise<MessageOutcome[]> {
    const byEvidence = Map.groupBy(failed, ({ failure }) => fallbackOf(failure))
    const groups = await Promise.all(
      Array.from(byEvidence, ([fallback, group]: [Fallback, Failed[]]) =>
        legacy.send(
          group.map(({ message }) => message),
          fallback,
        ),
      ),
    )
    return groups.flat()
  }

  return async (messages) => {
    const outcomes = await client.send(messages)
    const answered: Answered[] = []
    const failed: Failed[] = []
    messages.forEach((message, index) => {
      const outcome = outcomes[index]
      if (!outcome) throw new Error(`service client: no outcome for message ${message.messageUuid}`)
      if (outcome.kind === 'answer') answered.push({ message, answer: outcome })
      else failed.push({ message, failure: outcome })
    })
    return (
      await Promise.all([
        fallBack(failed),
        Promise.all(answered.map(({ message, answer }) => report(message.messageUuid, answer))),
      ])
    ).flat()
  }
}
