/** One change of one file: the text from `from` to `to` becomes `text`. */
export interface Mutant {
  /** Relative to the root. */
  readonly file: string
  readonly from: number
  readonly to: number
  readonly text: string
  readonly line: number
  /** What was done, for example `claimed -> dispatched`. */
  readonly about: string
}

export const apply = (source: string, { from, to, text }: Mutant): string =>
  source.slice(0, from) + text + source.slice(to)

/**
 * Names a mutant in the list of accepted survivors. It holds the line's own text, not its number, so that it
 * stays what it is when the file grows above it.
 */
export function nameOf(source: string, mutant: Mutant): string {
  const start = source.lastIndexOf('\n', mutant.from - 1) + 1
  const end = source.indexOf('\n', mutant.from)
  const line = source.slice(start, end < 0 ? undefined : end)
  return `${mutant.file}: ${line.trim()}: ${mutant.about} at ${mutant.from - start - (line.length - line.trimStart().length)}`
}

export function lineAt(source: string, offset: number): number {
  let line = 1
  for (let at = source.indexOf('\n'); at >= 0 && at < offset; at = source.indexOf('\n', at + 1)) line++
  return line
}
