import type { ModeView } from '../contract/gateway-api.ts'
import type { Holder } from '../core/authority-state.ts'
import type { Database } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import type { BreakerState } from './breaker.ts'
import { viewModes } from './mode-store.ts'
import type { ShadowCounts } from './shadow.ts'

interface LedgerCount {
  holder: Holder
  state: 'claimed' | 'dispatched' | 'in_doubt'
  messages: number
}

const counts = statement<{
  open_requests: number
  unresolved_messages: number
  scheduled_messages: number
}>(import.meta.url, './sql/status.sql')
const ledgerCounts = statement<LedgerCount>(import.meta.url, './sql/ledger-status.sql')
const quotas = statement<{ tenant: string; limit: number; used: number; reserved: number }>(
  import.meta.url,
  './sql/quota-status.sql',
)

/** What an operator sees at a glance; `shadow` counts since this process started. */
export interface GatewayStatus {
  readonly mode: ModeView
  readonly breaker: BreakerState
  readonly shadow: ShadowCounts
  readonly requests_in_progress: number
  readonly open_requests: number
  readonly unresolved_messages: number
  /** Held by the legacy side until their time. */
  readonly scheduled_messages: number
  /** Messages that are not settled, by holder and state; null when the ledger cannot be asked. */
  readonly ledger: readonly LedgerCount[] | null
  readonly quota: readonly { tenant: string; limit: number; used: number; reserved: number }[]
}

export async function readStatus(
  legacyDatabase: Database,
  ledgerDatabase: Database,
  live: Pick<GatewayStatus, 'breaker' | 'shadow' | 'requests_in_progress'>,
): Promise<GatewayStatus> {
  const [mode, [open], ledger, quota] = await Promise.all([
    viewModes(legacyDatabase),
    legacyDatabase.run(counts),
    ledgerDatabase.run(ledgerCounts).catch(() => null),
    legacyDatabase.run(quotas),
  ])
  return {
    mode,
    ...live,
    open_requests: open?.open_requests ?? 0,
    unresolved_messages: open?.unresolved_messages ?? 0,
    scheduled_messages: open?.scheduled_messages ?? 0,
    ledger,
    quota,
  }
}
