import { encodingOf, unitsOf, type Encoding } from './encoding.ts'

/** Units of a text that goes alone, and of each part of one that does not: six octets hold the part's number. */
const UNITS_MAX: Readonly<Record<Encoding, { readonly alone: number; readonly part: number }>> = {
  gsm7: { alone: 160, part: 153 },
  ucs2: { alone: 70, part: 67 },
}
/** The part's number is one octet. */
export const SEGMENTS_MAX = 255

export interface Segments {
  readonly encoding: Encoding
  /** The texts of the parts, in order; joined they are the whole. */
  readonly parts: readonly string[]
}

/**
 * Splits a text as handsets expect it: an escaped character and a surrogate pair never fall apart. An empty
 * text is one empty part. More than {@link SEGMENTS_MAX} parts cannot be sent; the caller judges the count.
 */
export function segmentsOf(text: string): Segments {
  const encoding = encodingOf(text)
  const { alone, part } = UNITS_MAX[encoding]
  let total = 0
  for (const character of text) total += unitsOf(character, encoding)
  return { encoding, parts: total <= alone ? [text] : split(text, encoding, part) }
}

function split(text: string, encoding: Encoding, unitsMax: number): string[] {
  const parts: string[] = []
  let start = 0
  let end = 0
  let units = 0
  for (const character of text) {
    const more = unitsOf(character, encoding)
    if (units + more > unitsMax) {
      parts.push(text.slice(start, end))
      start = end
      units = 0
    }
    units += more
    end += character.length
  }
  return [...parts, text.slice(start)]
}

export type SegmentVerdict =
  | { readonly kind: 'fits'; readonly segments: number; readonly encoding: Encoding }
  | { readonly kind: 'too_long'; readonly segments: number; readonly segmentsMax: number }

/** Whether a text stays within a caller's `segments_max`. */
export function judgeLength(text: string, segmentsMax: number): SegmentVerdict {
  const { encoding, parts } = segmentsOf(text)
  const bound = Math.min(segmentsMax, SEGMENTS_MAX)
  return parts.length <= bound
    ? { kind: 'fits', segments: parts.length, encoding }
    : { kind: 'too_long', segments: parts.length, segmentsMax: bound }
}
