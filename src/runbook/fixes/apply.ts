import MagicString from 'magic-string'
import type { Edit, Finding } from '../finding.ts'
import type { Source } from '../markdown/source.ts'

/** A fix that a pass takes, with what it came from. */
export interface Chosen {
  readonly finding: Finding
  readonly edits: readonly Edit[]
}

/** The order in which fixes win an overlap: a deleted section before what stands in it, then by place. */
const FIRST: readonly string[] = ['canonical-step-duplicate', 'get-recipient-by-uuid', 'go-writes-sms-logs', 'canonical-step-incomplete']

function rank({ rule }: Finding): number {
  const at = FIRST.indexOf(rule)
  return at < 0 ? FIRST.length : at
}

/** Takes the safe fixes that do not meet; the loser of an overlap waits for the next pass. */
export function chooseFixes(findings: readonly Finding[], refused: ReadonlySet<string>): Chosen[] {
  const ordered = findings.filter(({ fix }) => fix.safety === 'safe').toSorted((a, b) => rank(a) - rank(b) || a.from - b.from || a.rule.localeCompare(b.rule))
  const taken: Edit[] = []
  const chosen: Chosen[] = []
  for (const finding of ordered) {
    const edits = withoutNested(finding.fix.edits)
    if (refused.has(keyOf(finding)) || edits.some((edit) => taken.some((other) => meet(edit, other)))) continue
    taken.push(...edits)
    chosen.push({ finding, edits })
  }
  return chosen
}

export function keyOf(finding: Finding): string {
  return `${finding.rule}|${finding.heading ?? ''}|${finding.message}|${finding.fix.edits.map(({ text }) => text).join('|')}`
}

/** Edits of one fix may repeat or contain one another. */
function withoutNested(edits: readonly Edit[]): Edit[] {
  return edits.filter(
    (edit, index) => !edits.some((other, at) => at !== index && other.from <= edit.from && edit.to <= other.to && (other.to - other.from > edit.to - edit.from || (at < index && other.to > other.from && other.text === edit.text && other.from === edit.from))),
  )
}

/** Touching counts: two insertions at one place have no order. */
function meet(a: Edit, b: Edit): boolean {
  return a.from <= b.to && b.from <= a.to
}

/** Splices the edits into the body; every other byte stays. Inserted lines get the file's line end. */
export function applyEdits(source: Source, edits: readonly Edit[]): string {
  const magic = new MagicString(source.body)
  for (const { from, to, text } of edits) {
    const inserted = source.eol === '\n' ? text : text.replaceAll('\n', source.eol)
    if (from === to) magic.appendLeft(from, inserted)
    else if (inserted === '') magic.remove(from, to)
    else magic.overwrite(from, endInBody(source, from, to), inserted)
  }
  return source.bom + magic.toString()
}

/** An edit that ends at a line's end must not take the \r before the \n, which reads as a blank. */
function endInBody(source: Source, from: number, to: number): number {
  return to - 1 > from && source.body[to - 1] === '\r' && source.body[to] === '\n' ? to - 1 : to
}

/** Checks that what stands between the edits is what stood there before. */
export function keepsTheRest(source: Source, edits: readonly Edit[], after: string): boolean {
  const ordered = edits.toSorted((a, b) => a.from - b.from)
  let at = source.bom.length
  let from = 0
  if (!after.startsWith(source.bom)) return false
  for (const edit of [...ordered, { from: source.body.length, to: source.body.length, text: '' }]) {
    const kept = source.body.slice(from, edit.from)
    const found = after.indexOf(kept, at)
    if (found < at) return false
    at = found + kept.length
    from = endInBody(source, edit.from, edit.to)
  }
  return true
}
