import type { Database, Runner } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import type { RangeResult } from './find-suspects.ts'
import type { PairName } from './pairs.ts'
import type { Buckets } from './uuid-range.ts'

/** A range that was compared before and that nothing has been written into since. */
export interface Remembered extends Buckets {
  readonly leftMessages: number
  readonly rightMessages: number
}

/**
 * What earlier runs found out. Ranges are remembered once they are too old for regular writes; the databases mark
 * the bucket of any later write, and a marked range is forgotten.
 *
 *   begin: read the marks -> forget their ranges -> take the marks away -> what is left is still true
 *
 * One run at a time holds the turn to forget and remember; the others only read, and leave marked ranges out.
 */
export interface Memory {
  readonly hasTurn: boolean
  remembered(pair: PairName, window: Buckets): Promise<Remembered[]>
  suspects(pair: PairName, from: number): Promise<string[]>
  /** Does nothing without the turn, or when another run has taken it over. */
  remember(
    pair: PairName,
    buckets: Buckets,
    result: Pick<RangeResult, 'left' | 'right'>,
    suspects: readonly string[],
  ): Promise<void>
  end(): Promise<void>
}

interface Mark {
  mark_id: number
  bucket: number | null
}

interface RangeRow {
  from_bucket: number
  to_bucket: number
  left_rows: number
  right_rows: number
}

const takeTurn = statement<{ run_id: string }>(import.meta.url, './sql/take-turn.sql')
const keepTurn = statement<{ run_id: string }>(import.meta.url, './sql/keep-turn.sql')
const endTurn = statement<never>(import.meta.url, './sql/end-turn.sql')
const marksOf = {
  legacy: statement<Mark>(import.meta.url, './sql/marks-legacy.sql'),
  messaging: statement<Mark>(import.meta.url, './sql/marks-messaging.sql'),
} as const
const clearMarksOf = {
  legacy: statement<never>(import.meta.url, './sql/clear-marks-legacy.sql'),
  messaging: statement<never>(import.meta.url, './sql/clear-marks-messaging.sql'),
} as const
const forget = statement<never>(import.meta.url, './sql/forget.sql')
const forgetOverlapping = statement<never>(import.meta.url, './sql/forget-overlapping.sql')
const rangesOf = statement<RangeRow>(import.meta.url, './sql/remembered.sql')
const rememberRange = statement<never>(import.meta.url, './sql/remember.sql')
const suspectsOf = statement<{ message_uuid: string }>(import.meta.url, './sql/suspects.sql')

const MARKS_MAX = 100_000
const RANGES_MAX = 100_000
/** More suspects than this are found again by comparing. */
export const SUSPECTS_MAX = 10_000

export async function openMemory(
  legacy: Database,
  messaging: Runner,
  runId: string,
  isIgnored: boolean,
): Promise<Memory> {
  const hasTurn = (await legacy.run(takeTurn, [runId])).length > 0
  const ours = await legacy.run(marksOf.legacy, [MARKS_MAX])
  const theirs = await messaging.run(marksOf.messaging, [MARKS_MAX])
  const marks = [...ours, ...theirs]
  const isAllMarked =
    marks.some(({ bucket }) => bucket === null) || ours.length === MARKS_MAX || theirs.length === MARKS_MAX
  const marked = [...new Set(marks.flatMap(({ bucket }) => (bucket === null ? [] : [bucket])))].sort(
    (a, b) => a - b,
  )
  if (hasTurn && marks.length > 0) {
    await legacy.run(forget, [marked, isAllMarked])
    await legacy.run(clearMarksOf.legacy, [ours.map(({ mark_id }) => mark_id)])
    await messaging.run(clearMarksOf.messaging, [theirs.map(({ mark_id }) => mark_id)])
  }

  return {
    hasTurn,
    async remembered(pair, { from, to }) {
      if (isIgnored || isAllMarked) return []
      const rows = await legacy.run(rangesOf, [pair, from, to, RANGES_MAX])
      return rows.filter((row) => !hasAny(marked, row)).map(toRemembered)
    },
    async suspects(pair, from) {
      return (await legacy.run(suspectsOf, [pair, from])).map((row) => row.message_uuid)
    },
    async remember(pair, buckets, result, suspects) {
      if (!hasTurn) return
      await legacy.transaction(async (runner) => {
        if ((await runner.run(keepTurn, [runId])).length === 0) return
        await runner.run(forgetOverlapping, [pair, buckets.from, buckets.to])
        if (suspects.length > SUSPECTS_MAX) return
        await runner.run(rememberRange, [...rangeColumns(pair, buckets, result), runId, suspects])
      })
    },
    async end() {
      if (hasTurn) await legacy.run(endTurn, [runId])
    },
  }
}

function rangeColumns(
  pair: PairName,
  { from, to }: Buckets,
  { left, right }: Pick<RangeResult, 'left' | 'right'>,
) {
  return [pair, from, to, left.messages, left.hash, right.messages, right.hash] as const
}

function toRemembered(row: RangeRow): Remembered {
  const { from_bucket: from, to_bucket: to, left_rows: leftMessages, right_rows: rightMessages } = row
  return { from, to, leftMessages, rightMessages }
}

/** Whether a sorted list of marks has one in the range. */
function hasAny(marked: readonly number[], { from_bucket, to_bucket }: RangeRow): boolean {
  let low = 0
  let high = marked.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((marked[middle] ?? 0) < from_bucket) low = middle + 1
    else high = middle
  }
  return low < marked.length && (marked[low] ?? 0) < to_bucket
}
