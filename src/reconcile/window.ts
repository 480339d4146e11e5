import { BUCKET_MS, BUCKETS_END, bucketAt, type Buckets } from './uuid-range.ts'

const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const ISO = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/

export type ParsedWindow = { readonly window: Buckets } | { readonly problem: string }

/** Everything there is, whatever the clocks say. */
export const everything: Buckets = { from: 0, to: BUCKETS_END }

/**
 * A window over the messages' own time: `90m`, `24h`, `7d` back from now, or `FROM..TO` in ISO 8601 where either
 * may be left out. It is widened to whole buckets of 4.4 minutes. A window that reaches to now has no upper
 * end, so that a gateway whose clock is ahead hides nothing.
 */
export function parseWindow(text: string, nowMs: number): ParsedWindow {
  const refuse = (why: string): ParsedWindow => ({ problem: `window: ${why}: ${text}` })
  const back = /^(\d{1,6})([smhd])$/.exec(text)
  if (back) {
    const lengthMs = Number(back[1]) * (UNITS_MS[back[2] ?? ''] ?? 0)
    if (lengthMs === 0) return refuse('is empty')
    return { window: { from: bucketAt(nowMs - lengthMs), to: BUCKETS_END } }
  }
  const [from = '', to = '', ...more] = text.split('..')
  if (!text.includes('..') || more.length > 0 || ![from, to].every((end) => end === '' || isTime(end))) {
    return refuse('needs a length like 24h, or FROM..TO in ISO 8601 with a zone')
  }
  const fromMs = from === '' ? 0 : Date.parse(from)
  const toMs = to === '' ? Infinity : Date.parse(to)
  if (fromMs > nowMs) return refuse('begins in the future')
  if (fromMs >= toMs) return refuse('ends before it begins')
  const end = toMs >= nowMs ? BUCKETS_END : bucketAt(toMs + BUCKET_MS - 1)
  return { window: { from: bucketAt(fromMs), to: end } }
}

const isTime = (text: string): boolean => ISO.test(text) && !Number.isNaN(Date.parse(text))
