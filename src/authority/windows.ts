import { randomUUID } from 'node:crypto'
import { windowAt, type Opening, type SendingWindow } from '../core/sending-window.ts'
import type { Database, Parameter } from '../db/database.ts'
import { statement } from '../db/statement.ts'

/** What may be taken when: the ledger compares openings with its own clock. */
export interface Openings {
  /** Of messages, by the name of their window; one that is absent binds nobody. */
  readonly windows: ReadonlyMap<string, readonly Opening[]>
  /** Of the provider's own window, and the priorities that it binds; absent: always. */
  readonly own?: { readonly openings: readonly Opening[]; readonly priorities: readonly number[] }
}

const clock = statement<{ now_ms: number }>(import.meta.url, './sql/clock.sql')
const defer = statement<{ voided: number; deferred: number }>(import.meta.url, './sql/defer-shut.sql')

const ALWAYS: readonly Opening[] = [{ opensMs: Number.NEGATIVE_INFINITY, closesMs: Number.POSITIVE_INFINITY }]
const NOTHING: Openings = { windows: new Map() }
const DEFERRED_MAX = 1_000
const ROUNDS_MAX = 100

/** The slots to look into, each with one opening, and the openings of windows, as columns. */
export function slotColumns(
  lanes: readonly string[],
  priorities: readonly number[],
  { windows, own }: Openings = NOTHING,
): { slots: Parameter[]; openings: Parameter[] } {
  const slots = priorities.flatMap((priority) =>
    lanes.flatMap((lane) =>
      (own?.priorities.includes(priority) ? own.openings : ALWAYS).map((opening) => ({
        lane,
        priority,
        ...opening,
      })),
    ),
  )
  const named = [...windows].flatMap(([name, openings]) => openings.map((opening) => ({ name, ...opening })))
  return {
    slots: [slots.map(({ lane }) => lane), slots.map(({ priority }) => priority)],
    openings: [
      slots.map(({ opensMs }) => instant(opensMs)),
      slots.map(({ closesMs }) => instant(closesMs)),
      [...windows.keys()],
      named.map(({ name }) => name),
      named.map(({ opensMs }) => instant(opensMs)),
      named.map(({ closesMs }) => instant(closesMs)),
    ],
  }
}

function instant(ms: number): string {
  if (Number.isFinite(ms)) return new Date(ms).toISOString()
  return ms > 0 ? 'infinity' : '-infinity'
}

/** Moves due messages of windows that are shut to the next opening; voids what is not valid until then. */
export async function deferShut(
  database: Database,
  windows: ReadonlyMap<string, SendingWindow>,
): Promise<{ voided: number; deferred: number }> {
  const total = { voided: 0, deferred: 0 }
  if (windows.size === 0) return total
  const [row] = await database.run(clock)
  if (!row) throw new Error('clock: the database told no time')
  for (const [name, window] of windows) {
    const { isOpen, untilMs } = windowAt(window, row.now_ms)
    for (let round = 0; !isOpen && round < ROUNDS_MAX; round++) {
      const [moved] = await database.run(defer, [name, instant(untilMs), DEFERRED_MAX, randomUUID()])
      total.voided += moved?.voided ?? 0
      total.deferred += moved?.deferred ?? 0
      if ((moved?.voided ?? 0) + (moved?.deferred ?? 0) < DEFERRED_MAX) break
    }
  }
  return total
}
