import type { Database } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import type { RestoreDatabases, Step } from './restore-step.ts'

export interface Fence {
  readonly fence_id: number
  readonly reason: string
  readonly actor: string
  readonly raised_at: Date
  /** The same moment by the clock of the gateway's database. */
  readonly entered_until: Date
  readonly horizon: Date | null
  readonly marked_at: Date | null
  readonly marked_messages: number | null
  readonly raised_ms: number
}

const hold = statement<never>(import.meta.url, './sql/hold-writers.sql')
const raise = statement<{ fence_id: number }>(import.meta.url, './sql/raise-fence.sql')
const readOpen = statement<Fence>(import.meta.url, './sql/read-fence.sql')
const readNow = statement<{ now: Date }>(import.meta.url, './sql/now.sql')
const lift = statement<{ fence_id: number }>(import.meta.url, './sql/lift-fence.sql')
const behind = statement<never>(import.meta.url, './sql/work-behind-fence.sql')

/** The fence that is open, or undefined. */
export async function readFence(messaging: Pick<Database, 'run'>): Promise<Fence | undefined> {
  return (await messaging.run(readOpen))[0]
}

/**
 * Stops every send: waits for those who write to the ledger now, then refuses every claim, dispatch and replay, of
 * whatever process and version, until the fence is lifted. What was dispatched before may still be on its way, and its
 * outcome is still recorded. Idempotent: an open fence stays as it is.
 */
export async function raiseFence(
  { legacy, messaging }: RestoreDatabases,
  reason: string,
  actor: string,
): Promise<Fence> {
  const [clock] = await legacy.run(readNow)
  if (!clock) throw new Error('restore: fence: the database with sms_logs does not tell the time')
  await messaging.transaction(async (runner) => {
    await runner.run(behind, ['0'])
    await runner.run(hold)
    await runner.run(raise, [reason, actor, clock.now.toISOString()])
  })
  const fence = await readFence(messaging)
  if (!fence) throw new Error('restore: fence: it was raised and is gone: did somebody lift it?')
  return fence
}

/**
 * Lets sends go on. Only once what the ledger may have forgotten is marked, unless `nothingLost` says that this ledger
 * never went back in time.
 */
export async function liftFence(
  { messaging }: RestoreDatabases,
  options: { readonly actor: string; readonly nothingLost: boolean; readonly execute: boolean },
): Promise<Step<Fence>> {
  const fence = await readFence(messaging)
  if (!fence) return { kind: 'not_now', why: 'no fence is raised: sends are not stopped' }
  if (!fence.marked_at && !options.nothingLost) {
    const why = 'what the ledger may have forgotten is not marked: run baton restore mark --execute first'
    return { kind: 'not_now', why: `${why}, or give --nothing-lost if this ledger was never restored` }
  }
  if (options.execute) {
    const because = fence.marked_at ? 'marked' : 'nothing was lost'
    await messaging.run(lift, [fence.fence_id, options.actor, because])
  }
  return { kind: 'done', value: fence }
}
