import { randomBytes } from 'node:crypto'
import { statement } from '../../db/statement.ts'
import { DRILL_TENANT, type Drill, type DrillContext } from './drill.ts'
import { openSite, putMode, readModeView, type DrillSite } from './drill-site.ts'
import { createFaultControl } from './fault-control.ts'
import { reasonsAgainst } from './preflight.ts'

const closeDrills = statement<never>(import.meta.url, '../sql/drill-close.sql')

/** "batd": one drill at a time on a database. */
const LOCK = 0x62617464

export type Attempt =
  | { readonly kind: 'ran'; readonly counts: Readonly<Record<string, number>> }
  | { readonly kind: 'refused'; readonly reasons: readonly string[] }

/**
 * Runs `work` where it can do no harm: alone, after the leftovers of a drill that was killed are cleaned up, and with
 * everything put back afterwards, whatever happens.
 */
export async function withSite(
  given: DrillContext,
  drill: Drill,
  work: (site: DrillSite) => Promise<Attempt>,
): Promise<Attempt> {
  // Faults that somebody else has set are not touched by a drill that needs none.
  const context = drill.needsFaults ? given : { ...given, faults: null }
  const lock = await context.legacy.connect()
  lock.on('error', () => {})
  try {
    const { rows } = await lock.query<{ free: boolean }>('select pg_try_advisory_lock($1) as free', [LOCK])
    if (rows[0]?.free !== true) return { kind: 'refused', reasons: ['another drill is running'] }
    const against = await reasonsAgainst(context, drill)
    if (against.length > 0) return { kind: 'refused', reasons: against }
    await cleanUp(context, 'left by a drill that was broken off')
    const id = randomBytes(4).toString('hex')
    try {
      return await work(await openSite(context, drill.name, id))
    } finally {
      await cleanUp(context, `drill ${drill.name} ${id} has ended`)
    }
  } finally {
    await lock.end()
  }
}

/** Each part whatever became of the others; throws when one failed. */
async function cleanUp(context: DrillContext, reason: string): Promise<void> {
  const { faults, legacy } = context
  const done = await Promise.allSettled([
    faults && createFaultControl(faults).clear(),
    endScope(context, reason),
    legacy.run(closeDrills),
  ])
  const failed = done.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []))
  if (failed.length > 0) {
    throw new Error(`drill: not everything could be put back: ${failed.join('; ')}: run a drill again`)
  }
}

async function endScope(context: DrillContext, reason: string): Promise<void> {
  const { tenants } = await readModeView(context)
  const own = tenants.find(({ scope }) => scope === DRILL_TENANT)
  if (own && own.mode !== 'OFF') await putMode(context, 'OFF', reason)
}
