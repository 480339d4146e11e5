import type { Edit, Fix } from '../finding.ts'
import { toDoc, toDocEnd, type Code } from '../markdown/code-block.ts'
import { lineEnd, lineStart, type Source } from '../markdown/source.ts'

export function safe(edits: readonly Edit[] | null, advice: string, deletes?: string): Fix {
  if (edits === null || edits.length === 0) return { safety: 'manual', edits: [], advice }
  return deletes === undefined
    ? { safety: 'safe', edits, advice }
    : { safety: 'safe', edits, advice, deletes }
}

export function manual(advice: string, edits: readonly Edit[] = []): Fix {
  return { safety: 'manual', edits, advice }
}

/** Removes whole lines, and one of two blank lines that would meet. */
export function deleteLines(source: Source, from: number, to: number): Edit {
  const start = lineStart(source, from)
  let end = Math.min(source.norm.length, lineEnd(source, Math.max(from, to - 1)) + 1)
  if (start === 0 || isBlank(source, start - 1)) {
    while (end < source.norm.length && isBlank(source, end)) end = lineEnd(source, end) + 1
  }
  return { from: start, to: Math.min(end, source.norm.length), text: '' }
}

function isBlank(source: Source, offset: number): boolean {
  return source.norm.slice(lineStart(source, offset), lineEnd(source, offset)).replaceAll(/[>\s]/g, '') === ''
}

/** What stands on a file line before the code's own text: list indentation, quote marks, a diff's first column. */
function prefixAt(source: Source, code: Code, codeOffset: number): string {
  const at = lineFromInCode(code, codeOffset)
  const docFrom = toDoc(code, at)
  const start = lineStart(source, docFrom)
  const prefix = source.norm.slice(start, docFrom).replace(/[^\s>]/g, ' ')
  return code.isDiff
    ? `${source.norm
        .slice(start, docFrom)
        .slice(0, -1)
        .replace(/[^\s>]/g, ' ')}+`
    : prefix
}

export function lineFromInCode(code: Code, codeOffset: number): number {
  return code.text.lastIndexOf('\n', codeOffset - 1) + 1
}

export function indentAt(code: Code, codeOffset: number): string {
  return /^[ \t]*/.exec(code.text.slice(lineFromInCode(code, codeOffset)))?.[0] ?? ''
}

/** One more step of indentation, as the block does it. */
export function indentStep(code: Code): string {
  if (/^\t/m.test(code.text)) return '\t'
  return /^ {2}\S/m.test(code.text) ? '  ' : '    '
}

/** Inserts lines of code before the line of an offset, with the container's prefix on each. */
export function insertBefore(source: Source, code: Code, codeOffset: number, lines: readonly string[]): Edit {
  const at = lineFromInCode(code, codeOffset)
  const prefix = prefixAt(source, code, codeOffset)
  const start = lineStart(source, toDoc(code, at))
  return {
    from: start,
    to: start,
    text: lines.map((line) => (line === '' ? prefix.trimEnd() : prefix + line) + '\n').join(''),
  }
}

/** Inserts lines of code after the line of an offset. */
export function insertAfter(source: Source, code: Code, codeOffset: number, lines: readonly string[]): Edit {
  const prefix = prefixAt(source, code, codeOffset)
  const docEnd = lineEnd(source, toDoc(code, codeOffset))
  return {
    from: docEnd,
    to: docEnd,
    text: lines.map((line) => '\n' + (line === '' ? prefix.trimEnd() : prefix + line)).join(''),
  }
}

/** Replaces a range of code; null where it touches lines that a diff shows only as context. */
export function replaceCode(
  source: Source,
  code: Code,
  from: number,
  to: number,
  text: string,
): Edit[] | null {
  if (touchesContext(code, from, to)) return null
  const prefix = prefixAt(source, code, from)
  const inserted = text
    .split('\n')
    .map((line, index) => (index === 0 ? line : line === '' ? prefix.trimEnd() : prefix + line))
    .join('\n')
  return [{ from: toDoc(code, from), to: Math.max(toDoc(code, from), toDocEnd(code, to)), text: inserted }]
}

function touchesContext(code: Code, from: number, to: number): boolean {
  for (let at = lineFromInCode(code, from); at < to;) {
    if (code.contextLines.has(at)) return true
    const end = code.text.indexOf('\n', at)
    if (end < 0) break
    at = end + 1
  }
  return false
}

/** Removes code: whole lines where nothing else stands on them, else just the range with a blank. */
export function deleteCode(source: Source, code: Code, from: number, to: number): Edit[] | null {
  if (touchesContext(code, from, to)) return null
  const lineFrom = lineFromInCode(code, from)
  const after = code.text.indexOf('\n', to)
  const lineTo = after < 0 ? code.text.length : after
  const before = code.text.slice(lineFrom, from)
  const behind = code.text.slice(to, lineTo)
  if (before.trim() === '' && /^\s*(?:;|,)?\s*(?:(?:\/\/|#|--).*)?$/.test(behind)) {
    return [deleteCodeLines(source, code, lineFrom, lineTo)]
  }
  const blanks = /^[;,]?[ \t]*/.exec(behind)?.[0].length ?? 0
  return [{ from: toDoc(code, from), to: toDocEnd(code, to + blanks), text: '' }]
}

function deleteCodeLines(source: Source, code: Code, lineFrom: number, lineTo: number): Edit {
  const start = lineStart(source, toDoc(code, lineFrom))
  const end = lineEnd(source, toDocEnd(code, lineTo))
  const isBlankBefore =
    /(?:^|\n)[ \t]*\n$/.test(code.text.slice(0, lineFrom)) ||
    /[{[(:]\s*\n$/.test(code.text.slice(0, lineFrom)) ||
    lineFrom === 0
  let stop = Math.min(end + 1, source.norm.length)
  const next = code.text.slice(lineTo + 1)
  const isBlankAfter = /^[ \t]*(?:\n|$)/.test(next) && lineTo + 1 < code.text.length
  if (isBlankBefore && isBlankAfter && !code.isDiff)
    stop = Math.min(source.norm.length, lineEnd(source, stop) + 1)
  return { from: start, to: stop, text: '' }
}

/** Joins the parts of one fix; null when one of them cannot be made. */
export function together(...parts: (readonly Edit[] | null)[]): Edit[] | null {
  if (parts.some((part) => part === null)) return null
  return parts.flatMap((part) => part ?? [])
}
