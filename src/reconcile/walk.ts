import type { Memory, Remembered } from './memory.ts'
import type { Pair } from './pairs.ts'
import { bucketOf, rangeOf, type Buckets } from './uuid-range.ts'

/** A stretch of the window: known from before, or to be compared. */
export type Step =
  | { readonly kind: 'remembered'; readonly range: Remembered }
  | { readonly kind: 'compare'; readonly buckets: Buckets; readonly isClosed: boolean }

export interface Walk {
  /** The next stretch; undefined at the end of the window. Stretches without messages are leapt over. */
  next(): Promise<Step | undefined>
  /** Tells how many messages the last stretch held, so that the next one is as wide as is good. */
  learn(messages: number): void
}

const WIDTH_FIRST = 4
const GROWTH_MAX = 64
// Of both sides together: a statement over the most takes about a second.
const MESSAGES_LOW = 1_600_000
const MESSAGES_HIGH = 6_000_000

/** Goes through a window from the oldest bucket. Buckets before `openFrom` get no more regular writes. */
export async function startWalk(
  { name, left, right }: Pair,
  window: Buckets,
  openFrom: number,
  memory: Pick<Memory, 'remembered'>,
): Promise<Walk> {
  const islands = await memory.remembered(name, window)
  let island = 0
  let position = window.from
  let width = WIDTH_FIRST

  async function firstMessage(): Promise<number> {
    const { from } = rangeOf({ from: position, to: position + 1 })
    const [ours, theirs] = await Promise.all([left.first(from), right.first(from)])
    const bucket = (uuid: string | undefined) => (uuid === undefined ? Infinity : bucketOf(uuid))
    return Math.max(position, Math.min(bucket(ours), bucket(theirs)))
  }

  return {
    async next() {
      if (position >= window.to) return undefined
      const known = islands[island]
      const first = known?.from === position ? position : await firstMessage()
      if (known && known.from <= first) {
        island++
        position = known.to
        return { kind: 'remembered', range: known }
      }
      if (first >= window.to) return undefined
      const edges = [
        first + width,
        window.to,
        known?.from ?? Infinity,
        first < openFrom ? openFrom : Infinity,
      ]
      const buckets = { from: first, to: Math.min(...edges) }
      position = buckets.to
      return { kind: 'compare', buckets, isClosed: buckets.to <= openFrom }
    },
    learn(messages) {
      if (messages < MESSAGES_LOW) {
        const growth = Math.min(Math.max(2, Math.floor(MESSAGES_LOW / Math.max(messages, 1))), GROWTH_MAX)
        width = Math.min(width * growth, window.to - window.from)
      }
      if (messages > MESSAGES_HIGH) width = Math.max(1, Math.floor(width / 2))
    },
  }
}
