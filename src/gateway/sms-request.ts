import type { Mode, ModeSetting } from '../core/mode.ts'
import { effectiveMode } from '../core/mode.ts'
import type { OutgoingMessage } from '../providers/provider.ts'
import type { MessageTerms } from './message-terms.ts'

/** A request as it was recorded at entry, before any send logic; nothing in it changes afterwards. */
export interface SmsRequest {
  readonly requestId: string
  readonly tenant: string
  /** The one setting that the request was decided under. */
  readonly setting: ModeSetting
  readonly body: string
  readonly sender: string | null
  /** Recipient to message_uuid, in the caller's order. */
  readonly messageUuidMap: ReadonlyMap<string, string>
  /** message_uuid to recipient, in the same order. */
  readonly recipientMap: ReadonlyMap<string, string>
  /** How often the caller named each recipient. */
  readonly mentions: ReadonlyMap<string, number>
  /** Whether the answer is kept to be given again. */
  readonly keyed: boolean
  readonly terms: MessageTerms
}

/** A message of a request, with everything that whoever sends it is told. */
export interface EnteredMessage extends OutgoingMessage {
  readonly tenant: string
  readonly terms: MessageTerms
}

/** The message with this uuid, ready to be sent. */
export function messageOf(request: SmsRequest, messageUuid: string): EnteredMessage {
  const recipient = request.recipientMap.get(messageUuid)
  if (recipient === undefined) {
    throw new Error(`request ${request.requestId}: has no message ${messageUuid}`)
  }
  const { sender, body, tenant, terms } = request
  return { messageUuid, recipient, sender, body, tenant, terms }
}

/** The mode one message of the request is handled in: its setting's, as far as the ramp reaches. */
export function modeOf(request: SmsRequest, messageUuid: string): Mode {
  return effectiveMode(request.setting, request.tenant, request.recipientMap.get(messageUuid) ?? '')
}
