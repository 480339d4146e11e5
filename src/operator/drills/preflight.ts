import { EVERYONE } from '../../core/mode.ts'
import { statement } from '../../db/statement.ts'
import { DRILL_TENANT, type Drill, type DrillContext } from './drill.ts'
import { readModeView } from './drill-site.ts'
import { createFaultControl } from './fault-control.ts'

const foreignKeys = statement<{ keys: number }>(import.meta.url, '../sql/drill-foreign-keys.sql')

const E164 = /^\+[1-9][0-9]{6,14}$/

/** Why this drill may not run here and now; empty when it may. Nothing was changed. */
export async function reasonsAgainst(context: DrillContext, drill: Drill): Promise<string[]> {
  const { legacy, recipient, duringOn } = context
  const reasons: string[] = []
  if (!E164.test(recipient)) reasons.push('BATON_DRILL_RECIPIENT: is not a number in E.164')
  const [keys] = await legacy.run(foreignKeys, [DRILL_TENANT])
  if (keys && keys.keys > 0) {
    reasons.push(`tenant ${DRILL_TENANT}: has keys that no drill has made: it is in real use`)
  }
  if (drill.needsFaults) {
    reasons.push(...(await againstFaults(context)))
    if (!duringOn) reasons.push(...(await againstLiveTraffic(context)))
  }
  return reasons
}

async function againstFaults({ faults }: DrillContext): Promise<string[]> {
  if (!faults) return ['BATON_FAULTS_URL: is not set: there is no fault proxy between gateway and service']
  try {
    const foreign = await createFaultControl(faults).foreign()
    return foreign.length === 0
      ? []
      : [`faults are set already, not by a drill: ${foreign.join(', ')}: baton faults clear`]
  } catch (error) {
    return [`the fault proxy cannot be asked: ${error instanceof Error ? error.message : String(error)}`]
  }
}

/** Faults hit every call of the gateway to the service: in ON they would cause fallbacks in live traffic. */
async function againstLiveTraffic(context: DrillContext): Promise<string[]> {
  const { tenants, ...everyone } = await readModeView(context)
  const on = [everyone, ...tenants].filter(({ scope, mode }) => mode === 'ON' && scope !== DRILL_TENANT)
  return on.map(
    ({ scope }) =>
      `${scope === EVERYONE ? 'everyone' : `tenant ${scope}`} is in ON: faults would hit live traffic, which falls back: --during-on`,
  )
}
