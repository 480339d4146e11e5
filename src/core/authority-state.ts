/**
 * The life of one row of the ledger. The database enforces the same table by constraints and a trigger; this
 * one is what code and tests reason with.
 *
 *  (no row) --accept-----> claimed(go)       --dispatch--> dispatched --> sent
 *     |                        |                               |-------> refused    (definitive answer)
 *     |                        |--handback--> claimed(legacy)  |-------> in_doubt --settle--> sent | refused
 *     |                        |--expire----> void             '-- proven not executed --> claimed (same holder)
 *     |--legacy claim-------------------------> dispatched(legacy)
 *     |--legacy claim, send_at ahead--> claimed(legacy)         (held; dispatched when due, void past valid_until)
 *     '--give up------------------------------> void           (nobody will ever send it)
 */
export const authorityStates = ['claimed', 'dispatched', 'sent', 'refused', 'in_doubt', 'void'] as const
export type AuthorityState = (typeof authorityStates)[number]

export type Holder = 'legacy' | 'go'

/** Every legal change of state; what is not listed cannot happen. */
export const nextStates: Readonly<Record<AuthorityState, readonly AuthorityState[]>> = {
  claimed: ['claimed', 'dispatched', 'void'],
  dispatched: ['sent', 'refused', 'in_doubt', 'claimed'],
  in_doubt: ['sent', 'refused', 'claimed'],
  sent: [],
  refused: [],
  void: [],
}

/** A row of the ledger as its readers see it. */
export interface AuthorityRow {
  readonly messageUuid: string
  readonly state: AuthorityState
  /** Null when void: nobody may send it. */
  readonly holder: Holder | null
  /** Rises with every change of holder. */
  readonly epoch: number
  readonly attemptToken: string
  readonly provider: string | null
  readonly providerMessageId: string | null
  readonly reason: string | null
  /** While claimed and not due: when it may be dispatched, ISO 8601, by the ledger's clock. */
  readonly heldUntil: string | null
}
