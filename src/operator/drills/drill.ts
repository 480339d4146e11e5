import type { Database } from '../../db/database.ts'
import type { HttpPeer } from '../../http/exchange.ts'
import type { Gate } from '../gates.ts'
import type { DrillSite, TimedMessage } from './drill-site.ts'

/** The tenant that drills send as. Nobody else may, and no setting but its own is changed. */
export const DRILL_TENANT = 'baton-drill'

export interface DrillContext {
  readonly legacy: Database
  readonly messaging: Database
  readonly gateway: HttpPeer
  readonly operatorKey: string
  /** Control of the fault proxy between gateway and service; null: there is none. */
  readonly faults: HttpPeer | null
  /** The sandbox, whose log judges; null: real providers, so the ledger does. */
  readonly carrier: HttpPeer | null
  /** E.164. */
  readonly recipient: string
  /** Whether it may cause fallbacks in traffic that is in ON. */
  readonly duringOn: boolean
  /** Aborted: clean up and end. */
  readonly signal: AbortSignal
  readonly say: (line: string) => void
}

/** What a drill did and saw. */
export interface DrillRun {
  /** Every message it sent, as it was answered. */
  readonly messages: readonly TimedMessage[]
  readonly counts: Readonly<Record<string, number>>
}

export interface Drill {
  readonly name: string
  /** What must be so. */
  readonly gate: Gate
  readonly needsFaults: boolean
  /** Begins with the tenant in ON and no fault, and with the service reached. */
  readonly run: (site: DrillSite) => Promise<DrillRun>
}
