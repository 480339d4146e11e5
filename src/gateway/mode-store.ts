import type { ModeChange, ModeInForce, ModeView, RecordedModeChange } from '../contract/gateway-api.ts'
import { EVERYONE, settingFor, type Mode, type ModeSetting } from '../core/mode.ts'
import type { Database } from '../db/database.ts'
import { statement } from '../db/statement.ts'

interface ModeRow {
  scope: string
  mode: Mode
  ramp_percent: number
  epoch: number
  reason: string
  changed_at: Date
}

const inForce = statement<ModeRow & { latest: number }>(import.meta.url, './sql/mode-in-force.sql')
const allScopes = statement<ModeRow>(import.meta.url, './sql/mode-scopes.sql')
const lockChanges = statement<never>(import.meta.url, './sql/lock-mode-changes.sql')
const insertChange = statement<ModeRow>(import.meta.url, './sql/change-mode.sql')
const history = statement<ModeRow & { actor: string }>(import.meta.url, './sql/mode-history.sql')

/** What one reading of the store saw. */
export interface ModeReading {
  readonly settingOf: (tenant: string) => ModeSetting
  /** The last change of any scope among what was seen: an entry under this reading is refused after a later one. */
  readonly latestEpoch: number
}

/** The settings that rule these tenants now, read from the store each time: no cache can be stale. */
export async function readModes(database: Database, tenants: readonly string[]): Promise<ModeReading> {
  const rows = await database.run(inForce, [[...new Set([EVERYONE, ...tenants])]])
  const settings = rows.map(({ scope, mode, ramp_percent, epoch }) => ({
    scope,
    mode,
    rampPercent: ramp_percent,
    epoch,
  }))
  return {
    latestEpoch: rows[0]?.latest ?? 0,
    settingOf(tenant) {
      const setting = settingFor(settings, tenant)
      if (!setting) throw new Error(`mode: no setting for ${EVERYONE}: run baton db migrate`)
      return setting
    },
  }
}

/** Everyone's setting and those of single tenants. */
export async function viewModes(database: Database): Promise<ModeView> {
  const rows = (await database.run(allScopes)).map(toModeInForce)
  const everyone = rows.find(({ scope }) => scope === EVERYONE)
  if (!everyone) throw new Error(`mode: no setting for ${EVERYONE}: run baton db migrate`)
  return { ...everyone, tenants: rows.filter(({ scope }) => scope !== EVERYONE) }
}

/**
 * Appends a change; its epoch rules every request that is entered from now on. Undefined when `if_epoch` is not the
 * epoch in force for the scope: nothing was changed.
 */
export async function changeMode(
  database: Database,
  change: ModeChange,
  actor: string,
): Promise<ModeInForce | undefined> {
  const { mode, tenant = EVERYONE, ramp_percent = 100, reason, if_epoch = null } = change
  const [row] = await database.transaction(async (runner) => {
    await runner.run(lockChanges)
    return runner.run(insertChange, [tenant, mode, ramp_percent, reason, actor, if_epoch])
  })
  if (!row && if_epoch === null) throw new Error(`mode: the change to ${mode} returned no row`)
  return row && toModeInForce(row)
}

/** Changes of all scopes, the latest first; with `before` those before that epoch. */
export async function readModeHistory(
  database: Database,
  limit: number,
  before: number | null,
): Promise<RecordedModeChange[]> {
  const rows = await database.run(history, [before, limit])
  return rows.map(({ actor, ...row }) => ({ ...toModeInForce(row), actor }))
}

function toModeInForce({ changed_at, ...row }: ModeRow): ModeInForce {
  return { ...row, changed_at: changed_at.toISOString() }
}
