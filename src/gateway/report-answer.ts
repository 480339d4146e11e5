import type { Claims } from '../authority/claim.ts'
import { LedgerUnavailable } from '../authority/unavailable.ts'
import type { AuthorityRow } from '../core/authority-state.ts'
import type { ServiceAnswer } from '../core/evidence.ts'
import { outcomeFromLedger, unresolvedOutcome, type MessageOutcome } from '../core/message-outcome.ts'

/**
 * What an answer of the service means for the caller. An answer never falls back: after `rejected` and `error`
 * the message is given up in the ledger, so that no late acceptance can send what was reported as failed.
 */
export function createReportAnswer(
  giveUp: Claims['giveUp'],
  readLedger: (messageUuids: readonly string[]) => Promise<Map<string, AuthorityRow>>,
): (messageUuid: string, answer: ServiceAnswer) => Promise<MessageOutcome> {
  async function report(messageUuid: string, answer: ServiceAnswer): Promise<MessageOutcome> {
    const reason = answer.reason ?? null
    const base = {
      messageUuid,
      source: 'go',
      providerMessageId: null,
      fallback: null,
      reason,
      pending: null,
    } as const
    switch (answer.verdict) {
      case 'accepted':
      case 'duplicate':
        return { ...base, status: answer.verdict }
      case 'rejected':
        return (await nobodySends(messageUuid, reason)) ?? { ...base, status: 'rejected' }
      case 'error':
        return (await nobodySends(messageUuid, reason)) ?? { ...base, source: 'legacy', status: 'failed' }
      case 'superseded':
        return asTheLedgerHasIt(messageUuid)
    }
  }

  /** Gives the message up; undefined when nobody will send it, else what the ledger has instead. */
  async function nobodySends(
    messageUuid: string,
    reason: string | null,
  ): Promise<MessageOutcome | undefined> {
    const [claim] = await giveUp([messageUuid], reason ?? 'rejected by the service')
    return claim && 'lost' in claim && claim.lost.state !== 'void' ? outcomeFromLedger(claim.lost) : undefined
  }

  async function asTheLedgerHasIt(messageUuid: string): Promise<MessageOutcome> {
    const row = (await readLedger([messageUuid])).get(messageUuid)
    if (row) return outcomeFromLedger(row)
    throw new Error(`ledger: message ${messageUuid} was answered superseded, yet has no row`)
  }

  return (messageUuid, answer) =>
    report(messageUuid, answer).catch((error: unknown) => {
      if (!(error instanceof LedgerUnavailable)) throw error
      return unresolvedOutcome(messageUuid, 'go', `the ledger cannot be asked; service: ${answer.verdict}`)
    })
}
