import type { Logger } from 'pino'
import { claimedByLegacy, expireForLegacy, type HandedBackMessage } from '../authority/hand-over.ts'
import type { MessageOutcome } from '../core/message-outcome.ts'
import { statement } from '../db/statement.ts'
import { dispatchClaimed, type DispatchClaimedOptions } from './dispatch-claimed.ts'
import type { LegacySender } from './legacy-send.ts'
import type { Answered } from './record-answer.ts'
import { readRequest } from './request-store.ts'
import { messageOf, type SmsRequest } from './sms-request.ts'

export interface SettleHandedBackOptions extends DispatchClaimedOptions {
  readonly legacy: Pick<LegacySender, 'sendUnder'>
  readonly record: (answered: Answered) => Promise<void>
  readonly log: Logger
}

/** What a crash can leave in doubt: so many are dispatched at a time. */
const BATCH_MAX = 50
const BATCHES_MAX = 200

const noteHandedBack = statement<{ message_uuid: string; request_id: string }>(
  import.meta.url,
  './sql/note-handed-back.sql',
)

/**
 * Sends what the service has handed back, by the legacy driver and from the gateway's own record of the request. One
 * run over what is due. Several gateways may run it at a time: the ledger gives each message to one. A crash at any
 * point leaves the message on the settler's work list.
 */
export async function settleHandedBack(options: SettleHandedBackOptions): Promise<void> {
  let last: HandedBackMessage | undefined
  for (let batch = 0; batch < BATCHES_MAX; batch++) {
    const messages = await claimedByLegacy(options.ledgerDatabase, last, BATCH_MAX)
    if (messages.length === 0) return
    last = messages.at(-1)
    await settleBatch(options, messages)
  }
}

async function settleBatch(
  options: SettleHandedBackOptions,
  messages: readonly HandedBackMessage[],
): Promise<void> {
  const { legacyDatabase, log } = options
  // Those without a verdict in sms_logs are on the work list as unresolved, or their request is still open.
  const noted = await legacyDatabase.run(noteHandedBack, [messages.map((one) => one.message_uuid)])
  if (noted.length === 0) return
  const requests = await readRequests(options, noted)
  const isLate = new Set(messages.filter(({ late }) => late).map((one) => one.message_uuid))
  const known = [...requests.keys()]
  const outcomes = (
    await Promise.all([
      expire(
        options,
        known.filter((uuid) => isLate.has(uuid)),
      ),
      send(
        options,
        requests,
        known.filter((uuid) => !isLate.has(uuid)),
      ),
    ])
  ).flat()
  await Promise.all(outcomes.map((outcome) => keep(options, requests, outcome)))
  if (outcomes.length > 0) log.warn({ messages: outcomes.length }, 'handed-back messages settled')
}

/** The request of each message; read before anything is dispatched. */
async function readRequests(
  { legacyDatabase, log }: SettleHandedBackOptions,
  noted: readonly { message_uuid: string; request_id: string }[],
): Promise<Map<string, SmsRequest>> {
  const byRequest = Map.groupBy(noted, ({ request_id }) => request_id)
  const requests = new Map<string, SmsRequest>()
  for (const [requestId, rows] of byRequest) {
    const stored = await readRequest(legacyDatabase, requestId)
    if (!stored) log.error({ request_id: requestId }, 'handed back: its request is gone; it cannot be sent')
    else for (const { message_uuid } of rows) requests.set(message_uuid, stored.request)
  }
  return requests
}

async function expire(
  { ledgerDatabase }: SettleHandedBackOptions,
  messageUuids: readonly string[],
): Promise<MessageOutcome[]> {
  if (messageUuids.length === 0) return []
  const reason = 'valid_until has passed'
  const expired = await expireForLegacy(ledgerDatabase, messageUuids, reason)
  return expired.map((messageUuid) => ({
    messageUuid,
    source: 'legacy',
    status: 'failed',
    providerMessageId: null,
    fallback: null,
    reason,
    pending: null,
  }))
}

async function send(
  options: SettleHandedBackOptions,
  requests: ReadonlyMap<string, SmsRequest>,
  messageUuids: readonly string[],
): Promise<MessageOutcome[]> {
  if (messageUuids.length === 0) return []
  const { permits, askedAtMs } = await dispatchClaimed(options, messageUuids)
  const outcomes = permits.map(async (permit) => {
    const request = requests.get(permit.messageUuid)
    if (!request) throw new Error(`handed back: no request for message ${permit.messageUuid}`)
    return options.legacy.sendUnder(permit, messageOf(request, permit.messageUuid), null, askedAtMs)
  })
  return Promise.all(outcomes)
}

async function keep(
  { record }: SettleHandedBackOptions,
  requests: ReadonlyMap<string, SmsRequest>,
  outcome: MessageOutcome,
): Promise<void> {
  const request = requests.get(outcome.messageUuid)
  if (request) await record({ request, outcomes: [outcome], answer: null })
}
