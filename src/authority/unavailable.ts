/**
 * The ledger could not be asked, or its answer was lost and did not come again in time. Nothing was sent under
 * `attemptToken`, and nothing will be: if the ledger should hold it after all, that is proof of a send that was
 * never executed.
 */
export class LedgerUnavailable extends Error {
  readonly code = 'BATON_LEDGER_UNAVAILABLE'
  /** Null for a question that claims nothing. */
  readonly attemptToken: string | null

  constructor(action: string, attemptToken: string | null, cause: unknown) {
    super(`ledger: ${action}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.name = 'LedgerUnavailable'
    this.attemptToken = attemptToken
  }
}
