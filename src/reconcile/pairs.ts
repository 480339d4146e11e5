import type { Runner } from '../db/database.ts'
import type { MismatchKind } from './classify.ts'
import { createSide, type Side } from './side.ts'

/**
 * What is compared with what.
 *
 *   verdicts   sms_logs of source go         against   go_sms_logs
 *   holders    who sends, by sms_logs        against   who may, by the ledger
 *   quota      what quota should say         against   what it says
 *   entered    messages of the requests      against   messages with an outcome in sms_logs
 */
export const pairNames = ['verdicts', 'holders', 'quota', 'entered'] as const
export type PairName = (typeof pairNames)[number]

/** What each comparison can find. A second send can show in two of them. */
export const kindsOf: Readonly<Record<PairName, readonly MismatchKind[]>> = {
  verdicts: ['two_sides_sent', 'missing_in_sms_logs', 'missing_in_go_sms_logs', 'status_differs'],
  holders: ['two_sides_sent', 'ledger_differs'],
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
  pairs: ['verdicts', 'holders', 'quota'],
  kinds: [
    'two_sides_sent',
    'missing_in_sms_logs',
    'missing_in_go_sms_logs',
    'status_differs',
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
  const gateway = (view: string, near?: 'request_id'): Side =>
    createSide({ name: view, runner: legacy, view: `legacy.${view}`, ...(near ? { near } : {}) })
  const service = (view: string): Side =>
    createSide({ name: view, runner: messaging, view: `messaging.${view}` })
  switch (name) {
    case 'verdicts':
      return { name, left: gateway('reconcile_verdicts'), right: service('reconcile_verdicts') }
    case 'holders':
      return { name, left: gateway('reconcile_holders'), right: service('reconcile_holders') }
    case 'quota':
      return { name, left: gateway('reconcile_quota_due'), right: gateway('reconcile_quota_settled') }
    case 'entered':
      return {
        name,
        left: gateway('reconcile_entered', 'request_id'),
        right: gateway('reconcile_outcomes'),
      }
  }
}
