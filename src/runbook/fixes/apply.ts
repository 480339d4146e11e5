import { MagicString } from 'magic-string'
import type { Edit, Finding } from '../finding.ts'
import { toBody, type Source } from '../markdown/source.ts'

/** A fix that a pass takes, with what it came from. */
export interface Chosen {
  readonly finding: Finding
  readonly edits: readonly Edit[]
}

/** The order in which fixes win an overlap: a deleted section before what stands in it, then by place. */
const FIRST: readonly string[] = [
  'canonical-step-duplicate',
  'get-recipient-by-uuid',
  'go-writes-sms-logs',
  'canonical-step-incomplete',
]

function rank({ rule }: Finding): number {
  const at = FIRST.indexOf(rule)
  return at < 0 ? FIRST.length : at
}

/** Takes the safe fixes that do not meet; the loser of an overlap waits for the next pass. */
export function chooseFixes(findings: readonly Finding[], refused: ReadonlySet<string>): Chosen[] {
  const ordered = findings
    .filter(({ fix }) => fix.safety === 'safe')
    .toSorted((a, b) => rank(a) - rank(b) || a.from - b.from || a.rule.localeCompare(b.rule))
  const taken: Edit[] = []
  const chosen: Chosen[] = []
  for (const finding of ordered) {
    const edits = withoutNested(finding.fix.edits)
    if (refused.has(keyOf(finding)) || edits.some((edit) => taken.some((other) => meet(edit, other))))
      continue
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
    (edit, index) =>
      !edits.some(
        (other, at) =>
          at !== index &&
          other.from <= edit.from &&
          edit.to <= other.to &&
          (other.to - other.from > edit.to - edit.from ||
            (at < index && other.to > other.from && other.text === edit.text && other.from === edit.from)),
      ),
  )
}

/** Touching counts: two insertions at one place have no order. */
function meet(a: Edit, b: Edit): boolean {
  return a.from <= b.to && b.from <= a.to
}

/** Splices the edits into the body; every other byte stays. Inserted lines get the file's line end. */
export function applyEdits(source: Source, edits: readonly Edit[]): string {
  const magic = new MagicString(source.body)
  for (const { from, to, text } of inBody(source, edits)) {
    const inserted = source.eol === '\n' ? text : text.replaceAll('\n', source.eol)
    if (from === to) magic.appendLeft(from, inserted)
    else if (inserted === '') magic.remove(from, to)
    else magic.overwrite(from, to, inserted)
  }
  return source.bom + magic.toString()
}

/** The edits in offsets of the body. */
function inBody(source: Source, edits: readonly Edit[]): Edit[] {
  return edits.map(({ from, to, text }) => ({ from: toBody(source, from), to: toBody(source, to), text }))
}

/** Checks that what stands between the edits is what stood there before. */
export function keepsTheRest(source: Source, edits: readonly Edit[], after: string): boolean {
  if (!after.startsWith(source.bom)) return false
  const ordered = inBody(source, edits).toSorted((a, b) => a.from - b.from || a.to - b.to)
  let at = source.bom.length
  let from = 0
  for (const edit of ordered) {
    const kept = source.body.slice(from, edit.from)
    if (!after.startsWith(kept, at)) return false
    const inserted = source.eol === '\n' ? edit.text : edit.text.replaceAll('\n', source.eol)
    at += kept.length
    if (!after.startsWith(inserted, at)) return false
    at += inserted.length
    from = edit.to
  }
  return after.slice(at) === source.body.slice(from)
}
