import { joinPieces, type Piece } from './code-block.ts'

export interface AfterImage {
  readonly text: string
  readonly segments: ReturnType<typeof joinPieces>['segments']
  readonly contextLines: ReadonlySet<number>
  readonly path: string | null
}

const DIFF_LINE = /^(?:\+\+\+ |--- |@@ |diff --git )/m

export function looksLikeDiff(text: string): boolean {
  return DIFF_LINE.test(text) && /^[-+](?![-+]{2} )/m.test(text)
}

/** What a diff makes of the file: added and context lines without their first column. */
export function afterImage(norm: string, pieces: readonly Piece[]): AfterImage {
  const kept: Piece[] = []
  const contextLines = new Set<number>()
  let path: string | null = null
  let length = 0
  for (const line of linesOf(norm, pieces)) {
    const text = norm.slice(line.from, line.to)
    if (text.startsWith('+++ ')) path = text.slice(4).trim().replace(/^b\//, '')
    if (/^(?:\+\+\+ |--- |@@|diff --git |index |-|\\)/.test(text)) continue
    if (!text.startsWith('+')) contextLines.add(length)
    const from = /^[+ ]/.test(text) ? line.from + 1 : line.from
    kept.push({ from, to: line.to })
    length += line.to - from
  }
  return { ...joinPieces(norm, kept), contextLines, path }
}

function* linesOf(norm: string, pieces: readonly Piece[]): Generator<Piece> {
  for (const piece of pieces) {
    for (let from = piece.from; from < piece.to;) {
      const end = norm.indexOf('\n', from)
      const to = end < 0 || end >= piece.to ? piece.to : end + 1
      yield { from, to }
      from = to
    }
  }
}
