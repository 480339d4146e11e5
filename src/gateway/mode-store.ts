import type { ModeChange, ModeInForce, ModeView } from '../contract/gateway-api.ts'
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

const inForce = statement<ModeRow>(import.meta.url, './sql/mode-in-force.sql')
const allScopes = statement<ModeRow>(import.meta.url, './sql/mode-scopes.sql')
const insertChange = statement<ModeRow>(import.meta.url, './sql/change-mode.sql')

/** The settings that rule these tenants now, read from the store each time: no cache can be stale. */
export async function readModes(
  database: Database,
  tenants: readonly string[],
): Promise<(tenant: string) => ModeSetting> {
  const rows = await database.run(inForce, [[...new Set([EVERYONE, ...tenants])]])
  const settings = rows.map(({ scope, mode, ramp_percent, epoch }) => ({
    scope,
    mode,
    rampPercent: ramp_percent,
    epoch,
  }))
  return (tenant) => {
    const setting = settingFor(settings, tenant)
    if (!setting) throw new Error(`mode: no setting for ${EVERYONE}: run baton db migrate`)
    return setting
  }
}

/** Everyone's setting and those of single tenants. */
export async function viewModes(database: Database): Promise<ModeView> {
  const rows = (await database.run(allScopes)).map(toModeInForce)
  const everyone = rows.find(({ scope }) => scope === EVERYONE)
  if (!everyone) throw new Error(`mode: no setting for ${EVERYONE}: run baton db migrate`)
  return { ...everyone, tenants: rows.filter(({ scope }) => scope !== EVERYONE) }
}

/** Appends a change; its epoch rules every request that is entered from now on. */
export async function changeMode(
  database: Database,
  change: ModeChange,
  actor: string,
): Promise<ModeInForce> {
  const { mode, tenant = EVERYONE, ramp_percent = 100, reason } = change
  const [row] = await database.run(insertChange, [tenant, mode, ramp_percent, reason, actor])
  if (!row) throw new Error(`mode: the change to ${mode} returned no row`)
  return toModeInForce(row)
}

function toModeInForce({ changed_at, ...row }: ModeRow): ModeInForce {
  return { ...row, changed_at: changed_at.toISOString() }
}
