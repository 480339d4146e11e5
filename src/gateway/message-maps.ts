import { uuidv7 } from 'uuidv7'

export interface MessageMaps {
  readonly messageUuidMap: ReadonlyMap<string, string>
  readonly recipientMap: ReadonlyMap<string, string>
  readonly mentions: ReadonlyMap<string, number>
}

/**
 * The one place where a message_uuid is generated: once a request, at the entry, before any send logic. A
 * recipient named several times is one message.
 */
export function createMessageMaps(recipients: readonly string[]): MessageMaps {
  const mentions = new Map<string, number>()
  for (const recipient of recipients) mentions.set(recipient, (mentions.get(recipient) ?? 0) + 1)
  const messageUuidMap = new Map(Array.from(mentions.keys(), (recipient) => [recipient, uuidv7()]))
  const recipientMap = new Map(
    Array.from(messageUuidMap, ([recipient, messageUuid]) => [messageUuid, recipient]),
  )
  return { messageUuidMap, recipientMap, mentions }
}
