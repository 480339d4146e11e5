import { timesFault, type TimesFault } from '../core/message-times.ts'
import type { Database } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import { timesOf, type MessageTerms } from './message-terms.ts'

interface Timed {
  readonly request: { readonly terms: MessageTerms }
}

const clock = statement<{ now_ms: number }>(import.meta.url, './sql/clock.sql')

/** The requests whose times are wrong, by the database's clock. It is asked only when one has times. */
export async function timesFaults<Item extends Timed>(
  database: Database,
  items: readonly Item[],
  aheadMaxMs: number,
): Promise<Map<Item, TimesFault>> {
  const faults = new Map<Item, TimesFault>()
  const timed = items.filter(({ request: { terms } }) => terms.sendAt !== null || terms.validUntil !== null)
  if (timed.length === 0) return faults
  const [row] = await database.run(clock)
  if (!row) throw new Error('clock: the database told no time')
  for (const item of timed) {
    const fault = timesFault(timesOf(item.request.terms), row.now_ms, aheadMaxMs)
    if (fault) faults.set(item, fault)
  }
  return faults
}
