/**
 * A text made easy to analyse without moving a single character: `norm` has the length of the body, so
 * every offset into it is an offset into the file. Line ends become \n (\r\n becomes blank + \n), front
 * matter becomes blanks. Edits are made in norm offsets and spliced into the body.
 */
export interface Source {
  readonly bom: string
  readonly body: string
  readonly norm: string
  /** The line end that inserted lines get: the one most lines of the file have. */
  readonly eol: '\n' | '\r\n' | '\r'
  /** Offset at which each line begins. */
  readonly lineStarts: readonly number[]
}

const FRONT_MATTER = /^(?:---[ \t]*\n[\s\S]*?\n(?:---|\.\.\.)[ \t]*(?:\n|$)|\+\+\+[ \t]*\n[\s\S]*?\n\+\+\+[ \t]*(?:\n|$))/

export function openSource(text: string): Source {
  const bom = text.startsWith('\uFEFF') ? '\uFEFF' : ''
  const body = text.slice(bom.length)
  const eol = dominantEol(body)
  let norm = body.includes('\r') ? body.replaceAll('\r\n', ' \n').replaceAll('\r', '\n') : body
  const matter = norm.startsWith('---') || norm.startsWith('+++') ? FRONT_MATTER.exec(norm) : null
  if (matter) norm = matter[0].replaceAll(/[^\n]/g, ' ') + norm.slice(matter[0].length)
  return { bom, body, norm, eol, lineStarts: startsOfLines(norm) }
}

function dominantEol(body: string): Source['eol'] {
  const crlf = body.split('\r\n').length - 1
  const lf = body.split('\n').length - 1 - crlf
  const cr = body.split('\r').length - 1 - crlf
  if (cr > lf && cr > crlf) return '\r'
  return crlf > lf ? '\r\n' : '\n'
}

function startsOfLines(norm: string): number[] {
  const starts = [0]
  for (let at = norm.indexOf('\n'); at >= 0; at = norm.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

/** 0-based index of the line that holds an offset. */
export function lineAt(source: Source, offset: number): number {
  const { lineStarts } = source
  let low = 0
  let high = lineStarts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((lineStarts[middle] ?? 0) <= offset) low = middle
    else high = middle - 1
  }
  return low
}

export function lineStart(source: Source, offset: number): number {
  return source.lineStarts[lineAt(source, offset)] ?? 0
}

/** The offset after the line's content, before its line end. */
export function lineEnd(source: Source, offset: number): number {
  const at = source.norm.indexOf('\n', offset)
  return at < 0 ? source.norm.length : at
}
