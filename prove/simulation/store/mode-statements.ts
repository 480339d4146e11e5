// The gateway's statements about the mode, each under the name of its SQL file.
import { column, scalar } from './parameters.ts'
import type { Statements } from './statements.ts'
import type { ModeChange, Tables } from './tables.ts'

export const modeStatements: Statements = {
  'gateway/mode-in-force': (tables, parameters) =>
    column<string>(parameters, 1).flatMap((scope) => {
      const inForce = latestOf(tables, scope)
      const latest = Math.max(...tables.modes.all().map(({ epoch }) => epoch))
      return inForce ? [{ ...modeRow(inForce), latest }] : []
    }),

  // Transactions run alone here.
  'gateway/lock-mode-changes': () => [{ pg_advisory_xact_lock: '' }],

  'gateway/change-mode': (tables, parameters, now) => {
    const ifEpoch = scalar<number | null>(parameters, 6)
    const inForce = latestOf(tables, scalar(parameters, 1)) ?? latestOf(tables, '*')
    if (ifEpoch !== null && ifEpoch !== inForce?.epoch) return []
    const row: ModeChange = {
      epoch: tables.modes.size + 1,
      scope: scalar(parameters, 1),
      mode: scalar(parameters, 2),
      ramp_percent: scalar(parameters, 3),
      reason: scalar(parameters, 4),
      changed_at: now,
    }
    tables.modes.put(String(row.epoch), row)
    return [modeRow(row)]
  },
}

function latestOf({ modes }: Tables, scope: string): ModeChange | undefined {
  return modes
    .all()
    .filter((row) => row.scope === scope)
    .toSorted((a, b) => b.epoch - a.epoch)[0]
}

const modeRow = ({ changed_at, ...row }: ModeChange) => ({ ...row, changed_at: new Date(changed_at) })
