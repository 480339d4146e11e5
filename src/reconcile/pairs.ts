import type { Runner } from '../db/database.ts'
import type { MismatchKind } from './classify.ts'
import { createSide, type Side, type SideOptions } from './side.ts'

/**
 * What is compared with what.
 *
 *   verdicts   sms_logs of source go         against   go_sms_logs
 *   holders    who sends, by sms_logs        against   who may, by the ledger
 *   endings    accepted and not sent, as     against   void or refused in go_sms_logs
 *              sms_logs was told
 *   quota      what quota should say         against   what it says
 *   entered    messages of the requests      against   messages with an outcome in sms_logs
 */
export const pairNames = ['verdicts', 'holders', 'endings', 'quota', 'entered'] as const
export type PairName = (typeof pairNames)[number]

/** What each comparison can find. Some show in two of them. */
export const kindsOf: Readonly<Record<PairName, readonly MismatchKind[]>> = {
  verdicts: ['two_sides_sent', 'missing_in_sms_logs', 'missing_in_go_sms_logs', 'status_differs'],
  holders: ['two_sides_sent', 'ending_untold', 'ledger_differs'],
  endings: ['ending_untold'],
  quota: ['quota_differs'],
  entered: ['not_accounted', 'not_entered'],
}

/** A question: which comparisons it takes, and which of their findings belong to its answer. */
export interface Question {
  readonly pairs: readonly PairName[]
  readonly kinds: readonly MismatchKind[]
}

/** Do the two logs and quota agree, and has no message been sent by two sides? */
export const reconciliation: Question = {
  pairs: ['verdicts', 'holders', 'endings', 'quota'],
  kinds: [
    'two_sides_sent',
    'missing_in_sms_logs',
    'missing_in_go_sms_logs',
    'status_differs',
    'ending_untold',
    'quota_differs',
  ],
}

/** Is every message that was entered accounted for, as the ledger has it? */
export const conservation: Question = {
  pairs: ['entered', 'holders'],
  kinds: ['two_sides_sent', 'not_accounted', 'not_entered', 'ledger_differs'],
}

export interface Pair {
  readonly name: PairName
  readonly left: Side
  readonly right: Side
}

export function createPair(name: PairName, legacy: Runner, messaging: Runner): Pair {
  type Found = Pick<SideOptions, 'near' | 'isCovered' | 'table'>
  const gateway = (view: string, found: Found = {}): Side =>
    createSide({ name: view, runner: legacy, view: `legacy.${view}`, ...found })
  const service = (view: string, found: Found = {}): Side =>
    createSide({ name: view, runner: messaging, view: `messaging.${view}`, ...found })
  const covered: Found = { isCovered: true }
  switch (name) {
    case 'verdicts':
      return {
        name,
        left: gateway('reconcile_verdicts', { ...covered, table: 'legacy.sms_logs' }),
        right: service('reconcile_verdicts', { ...covered, table: 'messaging.go_sms_logs' }),
      }
    case 'holders':
      return { name, left: gateway('reconcile_holders'), right: service('reconcile_holders') }
    case 'endings':
      return {
        name,
        left: gateway('reconcile_endings', covered),
        right: service('reconcile_endings', covered),
      }
    case 'quota':
      return { name, left: gateway('reconcile_quota_due'), right: gateway('reconcile_quota_settled') }
    case 'entered':
      return {
        name,
        left: gateway('reconcile_entered', { near: 'request_id' }),
        right: gateway('reconcile_outcomes'),
      }
  }
}
