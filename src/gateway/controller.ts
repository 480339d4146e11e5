import type { MessageOutcome } from '../core/message-outcome.ts'
import type { Mode } from '../core/mode.ts'
import type { LegacySender } from './legacy-send.ts'
import type { Shadow } from './shadow.ts'
import { messageOf, modeOf, type EnteredMessage, type SmsRequest } from './sms-request.ts'

export interface ControllerOptions {
  readonly legacy: LegacySender
  readonly sendOn: (messages: readonly EnteredMessage[]) => Promise<MessageOutcome[]>
  readonly shadow: Shadow
}

/**
 * The one canonical place that sends. It runs after entry: `messageUuidMap`, `recipientMap` and the mode are
 * part of the recorded request and nothing here makes or changes them. `messageUuids` are those of the request
 * that are to be sent; the ledger decides which of them may be.
 */
export type Controller = (request: SmsRequest, messageUuids: readonly string[]) => Promise<MessageOutcome[]>

export function createController({ legacy, sendOn, shadow }: ControllerOptions): Controller {
  async function sendByMode(
    mode: Mode,
    request: SmsRequest,
    messageUuids: string[],
  ): Promise<MessageOutcome[]> {
    const messages = messageUuids.map((messageUuid) => messageOf(request, messageUuid))
    switch (mode) {
      case 'OFF':
        return legacy.send(messages, null)
      case 'SHADOW': {
        const outcomes = await legacy.send(messages, null)
        shadow.offer(request, outcomes)
        return outcomes
      }
      case 'ON':
        return sendOn(messages)
    }
  }

  return async (request, messageUuids) => {
    // Under a ramp one request can hold messages of ON and of SHADOW.
    const byMode = Map.groupBy(messageUuids, (messageUuid) => modeOf(request, messageUuid))
    const groups = await Promise.all(Array.from(byMode, ([mode, group]) => sendByMode(mode, request, group)))
    return groups.flat()
  }
}
