import { structuredPatch } from 'diff'
import type { HardenResult } from '../harden.ts'
import { sectionAt, type Document } from '../markdown/document.ts'
import { lineAt } from '../markdown/source.ts'
import { verdicts } from './evidence.ts'

const CONTEXT_LINES = 3

/** Parts A to D, and nothing else. Line numbers are those of the hardened text unless a line says otherwise. */
export function renderParts(result: HardenResult): string {
  return (
    [partA(result), partB(result), partC(result), partD(result)]
      .map((lines) => lines.join('\n'))
      .join('\n\n') + '\n'
  )
}

interface Hunk {
  readonly oldStart: number
  readonly newStart: number
  readonly oldLines: number
  readonly newLines: number
  readonly lines: readonly string[]
}

function hunksOf({ before, after }: HardenResult): Hunk[] {
  if (before === after) return []
  return structuredPatch('before', 'after', before, after, undefined, undefined, { context: CONTEXT_LINES })
    .hunks
}

/** The lines that a hunk really adds or removes, by section. */
function sectionsTouched(
  result: HardenResult,
): { heading: string; line: number; where: 'after' | 'before' }[] {
  const after = result.final.facts.document
  const before = result.initial.facts.document
  const touched = new Map<string, { heading: string; line: number; where: 'after' | 'before' }>()
  for (const hunk of hunksOf(result)) {
    let newLine = hunk.newStart
    let oldLine = hunk.oldStart
    for (const line of hunk.lines) {
      if (line.startsWith('+') && line.trim() !== '+') note(touched, after, newLine, 'after')
      if (line.startsWith('-') && line.trim() !== '-') note(touched, before, oldLine, 'before')
      if (!line.startsWith('-') && !line.startsWith('\\')) newLine++
      if (!line.startsWith('+') && !line.startsWith('\\')) oldLine++
    }
  }
  return [...touched.values()]
}

function note(
  touched: Map<string, { heading: string; line: number; where: 'after' | 'before' }>,
  document: Document,
  line: number,
  where: 'after' | 'before',
): void {
  const offset = document.source.lineStarts[line - 1] ?? 0
  const section = sectionAt(document, offset)
  const heading = section.heading ?? '(before the first heading)'
  const key = `${heading} ${section.index}`
  if (touched.has(`${where} ${key}`)) return
  touched.set(`${where} ${key}`, { heading, line: lineAt(document.source, section.from) + 1, where })
}

function partA(result: HardenResult): string[] {
  const touched = sectionsTouched(result)
  const gone = new Set(result.applied.map(({ deletes }) => deletes))
  const after = new Set(touched.filter(({ where }) => where === 'after').map(({ heading }) => heading))
  const kept = touched.filter(
    ({ where, heading }) => where === 'after' || !(gone.has(heading) || after.has(heading)),
  )
  const lines = kept.map(
    ({ heading, line, where }) => `- ${heading} (line ${line}${where === 'before' ? ' before' : ''})`,
  )
  return [
    'Part A: sections modified',
    '',
    ...(lines.length > 0 ? lines : ['None. Nothing is left to do that can be done safely.']),
  ]
}

function partB(result: HardenResult): string[] {
  const lines: string[] = ['Part B: exact modified blocks']
  for (const hunk of hunksOf(result)) {
    const offset =
      result.final.facts.document.source.lineStarts[
        hunk.newStart + Math.min(CONTEXT_LINES, hunk.newLines) - 1
      ] ?? 0
    const heading =
      sectionAt(result.final.facts.document, Math.min(offset, result.final.facts.norm.length)).heading ??
      '(before the first heading)'
    lines.push(
      '',
      `@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@ ${heading}`,
      ...hunk.lines.map((line) => line.replace(/\r$/, '')),
    )
  }
  return lines.length > 1 ? lines : [...lines, '', 'None.']
}

function partC(result: HardenResult): string[] {
  const lines = result.applied
    .filter(({ deletes, advice }) => deletes !== null || /^Delete\b/.test(advice))
    .toSorted((a, b) => a.line - b.line)
    .map(
      ({ deletes, heading, line, message }) =>
        `- ${deletes ?? heading ?? '(before the first heading)'} (line ${line} before): ${message}`,
    )
  return [
    'Part C: deleted duplicate or conflicting blocks',
    '',
    ...(lines.length > 0 ? [...new Set(lines)] : ['None.']),
  ]
}

function partD(result: HardenResult): string[] {
  const lines = ['Part D: the four invariants']
  if (!result.final.facts.subject.isMigration)
    return [...lines, '', 'Not a runbook of this migration: nothing was examined, nothing is confirmed.']
  for (const verdict of verdicts(result.final)) {
    lines.push(
      '',
      `Invariant ${verdict.invariant}, ${verdict.name}: ${verdict.isEnforced ? 'enforced' : 'NOT CONFIRMED'}`,
    )
    lines.push(...verdict.places.map((place) => `- ${place}`))
    lines.push(...verdict.against.map((reason) => `- against it: ${reason}`))
  }
  const open = result.remaining
  if (open.length === 0) return lines
  lines.push('', `To be decided by a person (${open.length}):`)
  for (const finding of open) {
    lines.push(
      `- line ${finding.startLine}, under "${finding.heading ?? ''}", ${finding.rule}: ${finding.message}`,
      `  ${finding.fix.advice}`,
    )
  }
  return lines
}
