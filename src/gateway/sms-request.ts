import type { Mode, ModeSetting } from '../core/mode.ts'
import { effectiveMode } from '../core/mode.ts'
import type { OutgoingMessage } from '../providers/provider.ts'

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
}

/** The message with this uuid, ready to be sent. */
export function messageOf(request: SmsRequest, messageUuid: string): OutgoingMessage {
  const recipient = request.recipientMap.get(messageUuid)
  if (recipient === undefined) {
    throw new Error(`request ${request.requestId}: has no message ${messageUuid}`)
  }
  return { messageUuid, recipient, sender: request.sender, body: request.body }
}

/** The mode one message of the request is handled in: its setting's, as far as the ramp reaches. */
export function modeOf(request: SmsRequest, messageUuid: string): Mode {
  return effectiveMode(request.setting, request.tenant, request.recipientMap.get(messageUuid) ?? '')
}
