import type { Claim, Claims } from '../authority/claim.ts'
import { createClaims } from '../authority/claim.ts'
import { claimLegacyTogether, type ClaimedForLegacy } from '../authority/claim-together.ts'
import type { Permit } from '../authority/permit.ts'
import { readAuthorityWithin } from '../authority/rows.ts'
import { createSettling, type AttemptEnd, type Settled } from '../authority/settle.ts'
import type { AuthorityRow } from '../core/authority-state.ts'
import type { Database } from '../db/database.ts'

/** The ledger as the gateway uses it: over its own connection and role, while the service may be down. */
export interface GatewayLedger {
  readonly claimForLegacy: (messages: readonly ClaimedForLegacy[]) => Promise<readonly Claim<Permit>[]>
  readonly giveUp: Claims['giveUp']
  readonly read: (messageUuids: readonly string[]) => Promise<Map<string, AuthorityRow>>
  readonly settle: (permit: Permit, end: AttemptEnd) => Promise<Settled>
}

const SETTLE_DEADLINE_MS = 5_000

export function createGatewayLedger(
  database: Database,
  driverName: string,
  deadlineMs: number,
): GatewayLedger {
  const claims = createClaims(database, deadlineMs)
  return {
    claimForLegacy: claimLegacyTogether(claims, driverName),
    giveUp: claims.giveUp,
    read: (messageUuids) => readAuthorityWithin(database, deadlineMs, messageUuids),
    settle: createSettling(database, 'legacy', SETTLE_DEADLINE_MS),
  }
}
