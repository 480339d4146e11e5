/**
 * Buckets of the uuid space. The first 48 bits of a UUIDv7 are its time in ms; a bucket is 2^18 of them, about
 * 4.4 minutes. A uuid lies in the same bucket on both sides, whatever the clocks say.
 */
export const BUCKET_MS = 2 ** 18
/** One past the last bucket. */
export const BUCKETS_END = 2 ** 30

const BUCKET_SHIFT = 98n // of 128 bits, 48 - 18 are the bucket

/** A range of uuids, both ends included. */
export interface UuidRange {
  readonly from: string
  readonly to: string
}

/** A run of buckets; `to` is excluded. */
export interface Buckets {
  readonly from: number
  readonly to: number
}

export const bucketOf = (uuid: string): number => Number(toNumber(uuid) >> BUCKET_SHIFT)
export const bucketAt = (timeMs: number): number =>
  Math.min(Math.max(Math.floor(timeMs / BUCKET_MS), 0), BUCKETS_END)
export const bucketStartMs = (bucket: number): number => bucket * BUCKET_MS

const startOf = (bucket: number): bigint => BigInt(bucket) << BUCKET_SHIFT

export function rangeOf({ from, to }: Buckets): UuidRange {
  return { from: toUuid(startOf(from)), to: toUuid(startOf(to) - 1n) }
}

/** Cuts a run of buckets into `parts` ranges of the same width, in order. */
export function cut({ from, to }: Buckets, parts: number): UuidRange[] {
  const start = startOf(from)
  const width = startOf(to) - start
  const edge = (index: number): bigint => start + (width * BigInt(index)) / BigInt(parts)
  return Array.from({ length: parts }, (_, index) => ({
    from: toUuid(edge(index)),
    to: toUuid(edge(index + 1) - 1n),
  }))
}

/** The range, made wider by `marginMs` on both sides. */
export function widen({ from, to }: UuidRange, marginMs: number): UuidRange {
  const margin = BigInt(marginMs) << 80n
  const low = toNumber(from) - margin
  const high = toNumber(to) + margin
  const last = (1n << 128n) - 1n
  return { from: toUuid(low < 0n ? 0n : low), to: toUuid(high > last ? last : high) }
}

function toNumber(uuid: string): bigint {
  return BigInt(`0x${uuid.replaceAll('-', '')}`)
}

function toUuid(value: bigint): string {
  const hex = value.toString(16).padStart(32, '0')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
