import type { ListItem, Section } from './document.ts'

export type Language = 'php' | 'go' | 'sql' | 'shell' | 'json' | 'yaml' | 'env' | 'other'

interface Segment {
  readonly codeFrom: number
  readonly docFrom: number
  readonly length: number
}

/**
 * The text of a fenced block without its containers' prefixes (list indentation, quote marks, the first
 * column of a diff), with the way back to the file.
 */
export interface Code {
  readonly language: Language
  readonly info: string
  readonly text: string
  readonly segments: readonly Segment[]
  /** The whole block with its fences. */
  readonly from: number
  readonly to: number
  readonly section: Section
  readonly item: ListItem | null
  readonly inQuote: boolean
  readonly isDiff: boolean
  /** Code lines (by start offset in `text`) that a diff shows only as context. */
  readonly contextLines: ReadonlySet<number>
  /** The path a diff's header names. */
  readonly path: string | null
}

/** The file offset of a code offset. An offset at a segment's end maps behind its last character. */
export function toDoc(code: Code, offset: number): number {
  const { segments } = code
  let low = 0
  let high = segments.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((segments[middle]?.codeFrom ?? 0) <= offset) low = middle
    else high = middle - 1
  }
  const segment = segments[low]
  return segment ? segment.docFrom + Math.min(offset - segment.codeFrom, segment.length) : code.from
}

/** As toDoc, for the end of a range: an end at the start of a segment belongs to the one before. */
export function toDocEnd(code: Code, offset: number): number {
  return offset > 0 ? toDoc(code, offset - 1) + 1 : toDoc(code, offset)
}

/** The code offset of a file offset, or null when it lies in a prefix or outside the block. */
export function toCode(code: Code, docOffset: number): number | null {
  for (const segment of code.segments) {
    if (docOffset >= segment.docFrom && docOffset <= segment.docFrom + segment.length) {
      return segment.codeFrom + docOffset - segment.docFrom
    }
  }
  return null
}

export interface Piece {
  readonly from: number
  readonly to: number
}

/** Joins pieces of the file to one text. */
export function joinPieces(norm: string, pieces: readonly Piece[]): { text: string; segments: Segment[] } {
  const segments: Segment[] = []
  let text = ''
  for (const { from, to } of pieces) {
    if (to <= from) continue
    segments.push({ codeFrom: text.length, docFrom: from, length: to - from })
    text += norm.slice(from, to)
  }
  return { text, segments }
}
