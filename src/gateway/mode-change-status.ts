import type { GatewayAcknowledgement, ModeChangeStatus } from '../contract/gateway-api.ts'
import type { Mode } from '../core/mode.ts'
import type { Database } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import { PRESENCE_LOCK_CLASS } from './presence.ts'

interface LiveRow {
  owner: number
  gateway: string | null
  epoch: number | null
  acknowledged_at: Date | null
}

interface ChangeRow {
  epoch: number
  scope: string
  mode: Mode
  ramp_percent: number
  reason: string
  actor: string
  changed_at: Date
  superseded_by: number | null
  in_flight_requests: number
  unresolved_messages: number
}

const liveGateways = statement<LiveRow>(import.meta.url, './sql/live-gateways.sql')
const changeOf = statement<ChangeRow>(import.meta.url, './sql/mode-change.sql')
const ledgerStatus = statement<{ holder: string; state: string; messages: number }>(
  import.meta.url,
  './sql/ledger-status.sql',
)

/** How far a change has come; undefined when there is none of this epoch. */
export async function readModeChange(
  legacyDatabase: Database,
  ledgerDatabase: Database,
  epoch: number,
): Promise<ModeChangeStatus | undefined> {
  // What is in flight is counted after: once all have acknowledged it can only become less.
  const live = await legacyDatabase.run(liveGateways, [PRESENCE_LOCK_CLASS])
  const [[row], held] = await Promise.all([
    legacyDatabase.run(changeOf, [epoch]),
    ledgerDatabase.run(ledgerStatus).catch(() => null),
  ])
  if (!row) return undefined
  const gateways = live.map((one) => toAcknowledgement(one, epoch))
  const acknowledged = gateways.filter((one) => one.acknowledged).length
  const isByAll = gateways.length > 0 && acknowledged === gateways.length
  const heldAs = (state: string): number =>
    held?.find((one) => one.holder === 'go' && one.state === state)?.messages ?? 0
  return {
    ...row,
    changed_at: row.changed_at.toISOString(),
    gateways,
    live: gateways.length,
    acknowledged,
    acknowledged_by_all: isByAll,
    drained: isByAll && row.in_flight_requests === 0 && row.unresolved_messages === 0,
    held_by_service: held && { claimed: heldAs('claimed'), dispatched: heldAs('dispatched') },
  }
}

function toAcknowledgement(row: LiveRow, wanted: number): GatewayAcknowledgement {
  return {
    ...row,
    acknowledged_at: row.acknowledged_at?.toISOString() ?? null,
    acknowledged: row.epoch !== null && row.epoch >= wanted,
  }
}
