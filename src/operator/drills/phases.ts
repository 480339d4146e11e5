import type { DrillSite, TimedMessage } from './drill-site.ts'

const TRIES_MAX = 10
const TRY_AGAIN_MS = 500

/** Sends until the service has accepted one, or ten times. */
export async function sendUntilAccepted(site: DrillSite): Promise<TimedMessage[]> {
  const messages: TimedMessage[] = []
  while (messages.length < TRIES_MAX) {
    messages.push(...(await site.send(1)))
    if (isByService(messages.at(-1))) break
    await site.pause(TRY_AGAIN_MS)
  }
  return messages
}

export const isByService = (message: TimedMessage | undefined): boolean =>
  message?.source === 'go' && (message.status === 'accepted' || message.status === 'duplicate')

export const isSentByLegacy = (message: TimedMessage): boolean =>
  message.source === 'legacy' && message.status === 'sent'

export const slowestMs = (messages: readonly TimedMessage[]): number =>
  Math.round(Math.max(0, ...messages.map(({ tookMs }) => tookMs)))

export const uuidsOf = (messages: readonly TimedMessage[]): string[] =>
  messages.map(({ message_uuid }) => message_uuid)
