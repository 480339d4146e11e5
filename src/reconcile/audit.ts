import { imbalanceOf, readBalance, type Balance, type LedgerBalance } from './balance.ts'
import { conservation } from './pairs.ts'
import { reconcile, type ReconcileOptions } from './reconcile.ts'
import type { Report } from './report.ts'
import { readSilence, type Silence } from './volume.ts'
import { readNowMs } from './clock.ts'

/**
 * Conservation (I12): entered = legacy sent + service accepted + rejected + unresolved, where `failed` counts
 * with rejected and `in_doubt`, `open` and `scheduled` with unresolved; and the same three ways with the ledger.
 */
export interface Audit {
  readonly verdict: 'PASS' | 'FAIL'
  readonly balance: Balance
  readonly ledger: LedgerBalance
  /** Messages without any outcome at the instant of counting, those of the last moments included. */
  readonly imbalance: number
  /** Names the messages that are not accounted for; its verdict is the audit's, with silence. */
  readonly report: Report
  readonly silence: readonly Silence[]
}

/**
 * The verdict rests on sets, not on sums: two errors that cancel in a sum are two findings here, and a message
 * that moves while it is counted is none.
 */
export async function audit(options: Omit<ReconcileOptions, 'question'>): Promise<Audit> {
  const { legacy, messaging, window } = options
  const report = await reconcile({ ...options, question: conservation })
  const { balance, ledger } = await readBalance(legacy, messaging, window)
  const silence = await readSilence(legacy, await readNowMs(legacy))
  return {
    verdict: report.verdict === 'PASS' && silence.length === 0 ? 'PASS' : 'FAIL',
    balance,
    ledger,
    imbalance: imbalanceOf(balance),
    report,
    silence,
  }
}
