import type { Logger } from 'pino'
import type { Claim, Claims } from '../authority/claim.ts'
import { expireForLegacy } from '../authority/hand-over.ts'
import type { Permit } from '../authority/permit.ts'
import { settleProven } from '../authority/proof.ts'
import type { AuthorityRow } from '../core/authority-state.ts'
import type { Fallback } from '../core/evidence.ts'
import { outcomeFromLedger, type MessageOutcome } from '../core/message-outcome.ts'
import type { Database } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import type { ClaimedForLegacy } from '../authority/claim-together.ts'
import { dispatchClaimed, type DispatchClaimedOptions } from './dispatch-claimed.ts'
import { claimedAs, type LegacySender } from './legacy-send.ts'
import type { Answered } from './record-answer.ts'
import { readRequest } from './request-store.ts'
import { messageOf, type SmsRequest } from './sms-request.ts'

export interface SettleUnresolvedOptions extends DispatchClaimedOptions {
  readonly readLedger: (messageUuids: readonly string[]) => Promise<Map<string, AuthorityRow>>
  readonly claimForLegacy: (messages: readonly ClaimedForLegacy[]) => Promise<readonly Claim<Permit>[]>
  readonly giveUp: Claims['giveUp']
  readonly legacy: LegacySender
  readonly record: (answered: Answered) => Promise<void>
  /** Past this age a message is not wanted any more and is voided instead of sent. */
  readonly wantedMs: number
  readonly log: Logger
}

interface UnresolvedRow {
  message_uuid: string
  request_id: string
  fallback: Fallback | null
  unspent_token: string | null
  handed_back: boolean
  too_old: boolean
}

const BATCH_MAX = 100
const unresolved = statement<UnresolvedRow>(import.meta.url, './sql/unresolved-messages.sql')

/** Asks the ledger again about messages whose callers were told `unresolved`. One run over the oldest. */
export async function settleUnresolved(options: SettleUnresolvedOptions): Promise<void> {
  const { legacyDatabase, readLedger, record, wantedMs, log } = options
  const rows = await legacyDatabase.run(unresolved, [wantedMs, BATCH_MAX])
  if (rows.length === 0) return
  const ledger = await readLedger(rows.map((row) => row.message_uuid))
  for (const row of rows) {
    const stored = await readRequest(legacyDatabase, row.request_id)
    if (!stored) continue
    const outcome = await resolve(options, row, ledger.get(row.message_uuid), stored.request)
    const isHeld = outcome?.status === 'scheduled'
    if (!outcome || (outcome.pending && !isHeld)) continue
    await record({ request: stored.request, outcomes: [outcome], answer: null })
    log.info({ message_uuid: row.message_uuid, status: outcome.status }, 'unresolved message settled')
  }
}

/** The message's outcome, or undefined while the ledger cannot tell it yet. */
async function resolve(
  options: SettleUnresolvedOptions,
  row: UnresolvedRow,
  authority: AuthorityRow | undefined,
  request: SmsRequest,
): Promise<MessageOutcome | undefined> {
  const { message_uuid: messageUuid, too_old: isTooOld } = row
  if (!authority) return isTooOld ? giveUpLate(options, messageUuid) : claimLate(options, row, request)
  if (authority.holder !== 'legacy') return outcomeFromLedger(authority)
  if (authority.heldUntil !== null) return outcomeFromLedger(authority)
  if (authority.state === 'claimed') {
    // It is sent when it is due, however long that takes: see settle-handed-back.
    if (row.handed_back) return undefined
    return isTooOld ? expire(options, messageUuid) : dispatchLate(options, row, request)
  }
  const isOpen = authority.state === 'dispatched' || authority.state === 'in_doubt'
  if (isOpen && authority.attemptToken === row.unspent_token) {
    await takeBack(options.ledgerDatabase, authority)
    return undefined // claimed now: the next run dispatches or expires it
  }
  return outcomeFromLedger(authority)
}

async function giveUpLate(
  { giveUp }: SettleUnresolvedOptions,
  messageUuid: string,
): Promise<MessageOutcome | undefined> {
  const reason = 'too old to be wanted'
  const [claim] = await giveUp([messageUuid], reason)
  if (claim && 'lost' in claim) return outcomeFromLedger(claim.lost)
  return { ...failed(messageUuid), reason }
}

async function claimLate(
  { claimForLegacy, legacy }: SettleUnresolvedOptions,
  { message_uuid: messageUuid, fallback }: UnresolvedRow,
  request: SmsRequest,
): Promise<MessageOutcome | undefined> {
  const message = messageOf(request, messageUuid)
  const askedAtMs = performance.now()
  const [claim] = await claimForLegacy([claimedAs(message)])
  if (!claim) return undefined
  if ('lost' in claim) return outcomeFromLedger(claim.lost)
  return legacy.sendUnder(claim.won, message, fallback, askedAtMs)
}

async function dispatchLate(
  options: SettleUnresolvedOptions,
  { message_uuid: messageUuid, fallback }: UnresolvedRow,
  request: SmsRequest,
): Promise<MessageOutcome | undefined> {
  const { permits, askedAtMs } = await dispatchClaimed(options, [messageUuid])
  const [permit] = permits
  return permit && options.legacy.sendUnder(permit, messageOf(request, messageUuid), fallback, askedAtMs)
}

async function expire(
  { ledgerDatabase }: SettleUnresolvedOptions,
  messageUuid: string,
): Promise<MessageOutcome | undefined> {
  const reason = 'too old to be wanted'
  const expired = await expireForLegacy(ledgerDatabase, [messageUuid], reason)
  return expired.length > 0 ? { ...failed(messageUuid), reason } : undefined
}

/** The claim's answer was lost and its permit never existed: proof that nothing was sent under it. */
async function takeBack(database: Database, { messageUuid, attemptToken }: AuthorityRow): Promise<void> {
  await settleProven(database, {
    messageUuid,
    attemptToken,
    to: 'claimed',
    providerMessageId: null,
    proof: { kind: 'not_sent', detail: 'the answer to the claim was lost; no permit was ever made' },
    actor: 'gateway settler',
  })
}

function failed(messageUuid: string): MessageOutcome {
  return {
    messageUuid,
    source: 'legacy',
    status: 'failed',
    providerMessageId: null,
    fallback: null,
    reason: null,
    pending: null,
  }
}
