import type { Pair } from './pairs.ts'
import { partOfKey, type ClassedMessage, type Cut, type Print, type Side } from './side.ts'
import { cut, rangeOf, type Buckets, type UuidRange } from './uuid-range.ts'

/**
 * Compares a run of buckets in steps, each only where the one before differs:
 *
 *   whole     one hash over all of it; left out where a difference is likely, and where indexes tell the parts
 *   parts     one hash for each of 1,024 stretches of time, by the server
 *   pieces    parts that differ are cut again, by a hash of the uuid, to about 16 messages
 *   messages  of pieces that differ; what stands on one side alone, or otherwise, is a suspect
 *
 * Memory does not depend on how many messages there are: messages come in batches.
 */
export interface RangeResult {
  readonly left: Print
  readonly right: Print
  readonly differs: boolean
}

const PARTS = 1_024
const MESSAGES_A_PIECE = 16
const PIECES_MAX = 65_536
const PIECES_A_BATCH = 32_768
const MESSAGES_A_BATCH = 20_000

export async function findSuspects(
  { left, right }: Pair,
  buckets: Buckets,
  isLikelyEqual: boolean,
  onSuspects: (messageUuids: readonly string[]) => Promise<void>,
): Promise<RangeResult> {
  if (isLikelyEqual && !(left.isCovered && right.isCovered)) {
    const range = rangeOf(buckets)
    const [ours, theirs] = await Promise.all([left.whole(range), right.whole(range)])
    if (isSame(ours, theirs)) return { left: ours, right: theirs, differs: false }
  }
  const ranges = cut(buckets, PARTS)
  const [leftParts, rightParts] = await Promise.all([left.parts(ranges), right.parts(ranges)])
  const cuts = ranges.flatMap((range, part) => cutIfDifferent(part, range, leftParts, rightParts))
  for (const batch of batched(cuts, ({ pieces }) => pieces, PIECES_A_BATCH)) {
    await openParts(left, right, batch, onSuspects)
  }
  return { left: total(leftParts), right: total(rightParts), differs: cuts.length > 0 }
}

function cutIfDifferent(
  part: number,
  range: UuidRange,
  leftParts: ReadonlyMap<number, Print>,
  rightParts: ReadonlyMap<number, Print>,
): Cut[] {
  const left = leftParts.get(part)
  const right = rightParts.get(part)
  if (isSame(left, right)) return []
  const messages = Math.max(left?.messages ?? 0, right?.messages ?? 0)
  const pieces = 2 ** Math.ceil(Math.log2(Math.max(1, messages / MESSAGES_A_PIECE)))
  return [{ part, range, pieces: Math.min(pieces, PIECES_MAX) }]
}

async function openParts(
  left: Side,
  right: Side,
  cuts: readonly Cut[],
  onSuspects: (messageUuids: readonly string[]) => Promise<void>,
): Promise<void> {
  const [leftPieces, rightPieces] = await Promise.all([left.pieces(cuts), right.pieces(cuts)])
  const keys = [...new Set([...leftPieces.keys(), ...rightPieces.keys()])].filter(
    (key) => !isSame(leftPieces.get(key), rightPieces.get(key)),
  )
  const cutOf = new Map(cuts.map((one) => [one.part, one]))
  const weigh = (key: number) => (leftPieces.get(key)?.messages ?? 0) + (rightPieces.get(key)?.messages ?? 0)
  for (const batch of batched(keys, weigh, MESSAGES_A_BATCH)) {
    const needed = [...new Set(batch.map(partOfKey))].flatMap((part) => cutOf.get(part) ?? [])
    const [leftMessages, rightMessages] = await Promise.all([
      left.messages(needed, batch),
      right.messages(needed, batch),
    ])
    await onSuspects(differing(leftMessages, rightMessages))
  }
}

/** Uuids that stand on one side only, or in another class. */
function differing(left: readonly ClassedMessage[], right: readonly ClassedMessage[]): string[] {
  const keyOf = ({ messageUuid, messageClass }: ClassedMessage) => `${messageUuid} ${messageClass}`
  const leftKeys = new Set(left.map(keyOf))
  const rightKeys = new Set(right.map(keyOf))
  const alone = [
    ...left.filter((message) => !rightKeys.has(keyOf(message))),
    ...right.filter((message) => !leftKeys.has(keyOf(message))),
  ]
  return [...new Set(alone.map(({ messageUuid }) => messageUuid))]
}

function isSame(left: Print | undefined, right: Print | undefined): boolean {
  return left?.messages === right?.messages && left?.hash === right?.hash
}

function total(parts: ReadonlyMap<number, Print>): Print {
  let messages = 0
  let hash = 0n
  for (const print of parts.values()) {
    messages += print.messages
    hash ^= BigInt(print.hash)
  }
  return { messages, hash: String(hash) }
}

/** Consecutive items whose weights add up to at most `max`, one item at least. */
function* batched<Item>(items: readonly Item[], weigh: (item: Item) => number, max: number) {
  let batch: Item[] = []
  let weight = 0
  for (const item of items) {
    const own = weigh(item)
    if (batch.length > 0 && weight + own > max) {
      yield batch
      batch = []
      weight = 0
    }
    batch.push(item)
    weight += own
  }
  if (batch.length > 0) yield batch
}
