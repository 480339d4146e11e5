import type { Runner } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import { bucketAt, rangeOf } from './uuid-range.ts'

/** A tenant whose messages have stopped, or nearly. */
export interface Silence {
  readonly tenant: string
  readonly sent: number
  /** Median of the stretches before. */
  readonly expected: number
}

const volume = statement<{ tenant: string; stretch: number; messages: number }>(
  import.meta.url,
  './sql/volume.sql',
)

export const STRETCH_MS = 300_000
const STRETCHES_BEFORE = 6
const UUID_MARGIN_MS = 3_600_000
/** Below so many messages a stretch, silence is chance. */
const EXPECTED_MIN = 20
/** Fewer than this share of what is expected: by chance once in 10^5 at 20 messages, never at more. */
const SHARE_MIN = 0.2

/**
 * Compares each tenant's last five minutes with the median of the six stretches before: a lone campaign does
 * not raise what is expected, and an outage of a few minutes does not lower it.
 */
export function findSilence(
  rows: readonly { tenant: string; stretch: number; messages: number }[],
): Silence[] {
  return Array.from(Map.groupBy(rows, ({ tenant }) => tenant)).flatMap(([tenant, stretches]) => {
    const messagesOf = (wanted: number) => stretches.find(({ stretch }) => stretch === wanted)?.messages ?? 0
    const before = Array.from({ length: STRETCHES_BEFORE }, (_, index) => messagesOf(index + 1))
    const expected = median(before)
    const sent = messagesOf(0)
    return expected >= EXPECTED_MIN && sent < expected * SHARE_MIN ? [{ tenant, sent, expected }] : []
  })
}

export async function readSilence(legacy: Runner, nowMs: number): Promise<Silence[]> {
  const { from } = rangeOf({
    from: bucketAt(nowMs - (STRETCHES_BEFORE + 1) * STRETCH_MS - UUID_MARGIN_MS),
    to: bucketAt(nowMs) + 1,
  })
  return findSilence(await legacy.run(volume, [STRETCH_MS, STRETCHES_BEFORE + 1, from]))
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}
