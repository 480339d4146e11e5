import type { Claim } from '../authority/claim.ts'
import type { Permit } from '../authority/permit.ts'
import type { AttemptEnd, Settled } from '../authority/settle.ts'
import { LedgerUnavailable } from '../authority/unavailable.ts'
import type { Fallback } from '../core/evidence.ts'
import { outcomeFromLedger, unresolvedOutcome, type MessageOutcome } from '../core/message-outcome.ts'
import { toldBy } from './legacy-treatment.ts'
import type { Provider, SendResult } from '../providers/provider.ts'
import type { ClaimedForLegacy } from '../authority/claim-together.ts'
import type { EnteredMessage } from './sms-request.ts'

/** Sends by the legacy driver what the ledger grants; what it does not grant is reported as it stands there. */
export interface LegacySender {
  /**
   * `fallback`: the evidence that brought messages of ON here. Never rejects for what the network does. The
   * outcomes may still be on their way into the ledger: see `settled`.
   */
  send(messages: readonly EnteredMessage[], fallback: Fallback | null): Promise<MessageOutcome[]>
  /** Sends under a permit that was had otherwise, asked for at `askedAtMs`; the outcome is settled. */
  sendUnder(
    permit: Permit,
    message: EnteredMessage,
    fallback: Fallback | null,
    askedAtMs: number,
  ): Promise<MessageOutcome>
  /** Resolves when the outcomes of these messages stand in the ledger, or could not be put there. */
  settled(messageUuids: readonly string[]): Promise<void>
}

export interface LegacySenderOptions {
  readonly claimForLegacy: (messages: readonly ClaimedForLegacy[]) => Promise<readonly Claim<Permit>[]>
  readonly settle: (permit: Permit, end: AttemptEnd) => Promise<Settled>
  readonly driver: Provider
  /** Most messages a request holds dispatched at a time: what a crash can leave in doubt. */
  readonly dispatchedMax: number
  /** A permit that was asked for so long ago is not used: the reaper may have flagged the message. */
  readonly staleMs: number
  readonly onUnsettled: (error: unknown, messageUuid: string) => void
}

export function createLegacySender(options: LegacySenderOptions): LegacySender {
  const { claimForLegacy, settle, driver, dispatchedMax, staleMs, onUnsettled } = options

  const settling = new Map<string, Promise<void>>()

  async function attempt(
    permit: Permit,
    message: EnteredMessage,
    fallback: Fallback | null,
    askedAtMs: number,
  ): Promise<MessageOutcome> {
    const { messageUuid } = message
    const isStale = performance.now() - askedAtMs > staleMs
    const result = isStale ? heldUp : await driver.send(permit, message)
    // Not recorded: the row stays dispatched, the reaper flags it; the answer is known all the same.
    const settlement = settle(permit, endOf(result))
      .then(() => {})
      .catch((error: unknown) => onUnsettled(error, messageUuid))
      .finally(() => settling.delete(messageUuid))
    settling.set(messageUuid, settlement)
    return outcomeOf(messageUuid, result, fallback)
  }

  async function settled(messageUuids: readonly string[]): Promise<void> {
    await Promise.all(messageUuids.flatMap((messageUuid) => settling.get(messageUuid) ?? []))
  }

  async function sendChunk(
    messages: readonly EnteredMessage[],
    fallback: Fallback | null,
  ): Promise<MessageOutcome[]> {
    const askedAtMs = performance.now()
    try {
      const claims = await claimForLegacy(messages.map(claimedAs))
      return await Promise.all(
        messages.map(async (message, index): Promise<MessageOutcome> => {
          const claim = claims[index]
          if (!claim) throw new Error(`ledger: no claim for message ${message.messageUuid}`)
          if ('won' in claim) return attempt(claim.won, message, fallback, askedAtMs)
          const outcome = outcomeFromLedger(claim.lost)
          return outcome.status === 'scheduled' ? { ...outcome, fallback } : outcome
        }),
      )
    } catch (error) {
      if (!(error instanceof LedgerUnavailable)) throw error
      const unspentToken = error.attemptToken
      return messages.map(({ messageUuid }) =>
        unresolvedOutcome(messageUuid, 'legacy', 'the ledger cannot be asked', { fallback, unspentToken }),
      )
    }
  }

  return {
    settled,
    async sendUnder(permit, message, fallback, askedAtMs) {
      const outcome = await attempt(permit, message, fallback, askedAtMs)
      await settled([message.messageUuid])
      return outcome
    },
    async send(messages, fallback) {
      const outcomes: MessageOutcome[] = []
      for (let start = 0; start < messages.length; start += dispatchedMax) {
        await settled(outcomes.map(({ messageUuid }) => messageUuid))
        outcomes.push(...(await sendChunk(messages.slice(start, start + dispatchedMax), fallback)))
      }
      return outcomes
    },
  }
}

const heldUp: SendResult = { kind: 'not_sent', reason: 'held up in this process: no request was made' }
/** A message as the ledger is asked for it. */
export function claimedAs({ messageUuid, terms: { sendAt, validUntil } }: EnteredMessage): ClaimedForLegacy {
  return { messageUuid, sendAt, validUntil }
}

function endOf(result: SendResult): AttemptEnd {
  switch (result.kind) {
    case 'accepted':
      return { state: 'sent', providerMessageId: result.providerMessageId }
    case 'refused':
    case 'not_sent':
      // The legacy side tries once, as it always did; the caller is told and may ask again.
      return { state: 'refused', reason: result.reason }
    case 'unknown':
      return { state: 'in_doubt', reason: result.reason }
  }
}

function outcomeOf(messageUuid: string, result: SendResult, fallback: Fallback | null): MessageOutcome {
  const base = {
    messageUuid,
    source: 'legacy',
    providerMessageId: null,
    fallback,
    pending: null,
    told: toldBy(result),
  } as const
  switch (result.kind) {
    case 'accepted':
      return { ...base, status: 'sent', providerMessageId: result.providerMessageId, reason: null }
    case 'refused':
    case 'not_sent':
      return { ...base, status: 'failed', reason: result.reason }
    case 'unknown':
      return { ...base, status: 'unresolved', reason: `in doubt: ${result.reason}` }
  }
}
