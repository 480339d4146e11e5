/**
 * A text made easy to analyse: in `norm` every line end is \n and front matter is blank. All offsets of the
 * analysis are norm offsets; `toBody` leads back to the file, whose bytes are never rebuilt from norm.
 */
export interface Source {
  readonly bom: string
  readonly body: string
  readonly norm: string
  /** Norm offsets of the \n that are \r\n in the body. */
  readonly crlfs: readonly number[]
  /** The line end that inserted lines get: the one most lines of the file have. */
  readonly eol: '\n' | '\r\n' | '\r'
  /** Offset at which each line begins. */
  readonly lineStarts: readonly number[]
}

const FRONT_MATTER =
  /^(?:---[ \t]*\n[\s\S]*?\n(?:---|\.\.\.)[ \t]*(?:\n|$)|\+\+\+[ \t]*\n[\s\S]*?\n\+\+\+[ \t]*(?:\n|$))/

export function openSource(text: string): Source {
  const bom = text.startsWith('\uFEFF') ? '\uFEFF' : ''
  const body = text.slice(bom.length)
  const eol = dominantEol(body)
  const crlfs = body.includes('\r\n') ? crlfPlaces(body) : []
  let norm = body.includes('\r') ? body.replaceAll('\r\n', '\n').replaceAll('\r', '\n') : body
  const matter = norm.startsWith('---') || norm.startsWith('+++') ? FRONT_MATTER.exec(norm) : null
  if (matter) norm = matter[0].replaceAll(/[^\n]/g, ' ') + norm.slice(matter[0].length)
  return { bom, body, norm, crlfs, eol, lineStarts: startsOfLines(norm) }
}

function crlfPlaces(body: string): number[] {
  const places: number[] = []
  for (let at = body.indexOf('\r\n'); at >= 0; at = body.indexOf('\r\n', at + 2))
    places.push(at - places.length)
  return places
}

/** The body offset of a norm offset; one at a \n that is \r\n stands before the \r. */
export function toBody({ crlfs }: Source, offset: number): number {
  let low = 0
  let high = crlfs.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((crlfs[middle] ?? 0) < offset) low = middle + 1
    else high = middle
  }
  return offset + low
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
