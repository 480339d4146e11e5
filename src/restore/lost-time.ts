import { statement } from '../db/statement.ts'
import type { Fence } from './fence.ts'
import type { RestoreDatabases } from './restore-step.ts'

const same = statement<{ same: boolean }>(import.meta.url, './sql/same-database.sql')

/** The least UUIDv7 of that millisecond. */
export function leastUuidAt(ms: number): string {
  const time = Math.max(0, Math.floor(ms)).toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-0000-0000-000000000000`
}

/**
 * Where the gateway's records went back in time together with the ledger, nothing knows the messages of the time in
 * between. A trigger refuses to claim what bears an id of that time, for a process that slept through the restore.
 * Giving such a message up stays allowed. Returns whether that is so here.
 */
export async function coverLostTime(
  { legacy, messaging }: RestoreDatabases,
  fence: Fence,
  from: Date,
  execute: boolean,
): Promise<boolean> {
  const [row] = await legacy.run(same, [fence.fence_id, fence.raised_at.toISOString()]).catch(() => [])
  if (row?.same !== true) return false
  if (execute) {
    const trigger = `refuse_lost_${fence.fence_id}`
    const [least, most] = [leastUuidAt(from.getTime()), leastUuidAt(fence.raised_ms)]
    // Constants in the trigger's own condition: whoever claims messages of today pays one comparison.
    const text = `create or replace trigger ${trigger} before insert on messaging.execution_authority for each row
      when (new.state <> 'void' and new.message_uuid >= '${least}' and new.message_uuid < '${most}')
      execute function messaging.refuse_lost()`
    await messaging.run({ name: '', text })
  }
  return true
}
