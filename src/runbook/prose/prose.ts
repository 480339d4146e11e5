import { isWithin, type Document, type Row, type Section, type Unit } from '../markdown/document.ts'
import { cleanProse, sentenceSpans } from './clean.ts'
import { isReport, NEGATIVE_LEAD } from './modality.ts'

export interface Sentence {
  readonly from: number
  readonly to: number
  /** Cleaned of mark-up, each run of blanks and line ends as one blank. */
  readonly text: string
  readonly unit: Unit
  readonly section: Section
  /** The lines this one hangs from: the list item above, the paragraph before the list, a table's headers. */
  readonly lead: string
  /** False for quotations, archives, negative examples, comments and reports of the past. */
  readonly instructs: boolean
}

const ARCHIVE =
  /\b(?:archived?|archives|change ?log|revision history|document history|history of this|version history|superseded|obsolete|deprecated|retired|rejected (?:alternatives?|ideas?|options?|designs?)|alternatives? considered|withdrawn|discarded|for reference only|reference only|not in force|post-?mortem|lessons learn|retrospective|meeting notes|minutes of|anti-?patterns?|what (?:not to do|went wrong)|common mistakes|do not do|old (?:runbook|version|procedure|text|plan|notes|flow|design|code|step|draft|controller)|previous (?:version|runbook|procedure|revision|attempt|draft|plan|design)|first draft|draft of 20|former )/i
const ARCHIVE_TEXT =
  /\b(?:(?:this|the) (?:section|appendix|page|text|part|chapter|annex)(?: below)? (?:is|was|has been) (?:archived|obsolete|superseded|retired|withdrawn|kept (?:only )?for|no longer)|kept (?:here )?(?:only )?for (?:the record|reference|history|auditors?|the audit)|no longer (?:valid|in force|applies|executed)|do not (?:execute|follow|run|apply) (?:any(?:thing)?|this|these|it|what)|nothing (?:here|in this (?:section|appendix)|below) (?:is|must be|may be) (?:to be )?(?:executed|run|applied|followed|in force)|not part of (?:the|this) (?:procedure|runbook|migration)|instructs nobody|historical (?:record|text|interest)|superseded by)\b/i

/** Sections that only keep what no longer holds, with their subsections. */
export function archivedSections(document: Document): ReadonlySet<Section> {
  const archived = new Set<Section>()
  const firstParagraph = new Map<Section, string>()
  for (const unit of document.units) {
    if (unit.kind !== 'paragraph' || firstParagraph.has(unit.section)) continue
    firstParagraph.set(
      unit.section,
      cleanProse(document.source.norm.slice(unit.from, Math.min(unit.to, unit.from + 600))),
    )
  }
  for (const section of document.sections) {
    const isArchive =
      (section.parent !== null && archived.has(section.parent)) ||
      (section.heading !== null && !section.isTitle && ARCHIVE.test(section.heading)) ||
      (!section.isTitle && ARCHIVE_TEXT.test(firstParagraph.get(section) ?? ''))
    if (isArchive) archived.add(section)
  }
  return archived
}

const ADMONITION =
  /^[>\s*_]*(?:\[!\w+\]|(?:note|warning|caution|important|attention|danger|tip|hint|rule|mandatory)\b)/i

/** All prose as sentences, each with what it hangs from. */
export function readProse(document: Document, archived: ReadonlySet<Section>): Sentence[] {
  const { norm } = document.source
  const sentences: Sentence[] = []
  const leads = leadsOf(document)
  document.units.forEach((unit, index) => {
    const text = withoutQuotations(cleanProse(norm.slice(unit.from, unit.to)))
    const lead = leads[index] ?? ''
    const quiet =
      archived.has(unit.section) ||
      unit.kind === 'comment' ||
      (unit.inQuote && !ADMONITION.test(norm.slice(unit.from, unit.from + 60))) ||
      NEGATIVE_LEAD.test(lastClause(lead)) ||
      hasNegativeColumn(document, unit)
    for (const { from, to } of sentenceSpans(text)) {
      const sentence = text.slice(from, to)
      const instructs =
        !quiet &&
        !isReport(sentence.replaceAll(/\s+/g, ' ')) &&
        !isQuotation(sentence) &&
        !LABELLED_WRONG.test(sentence)
      sentences.push({
        from: unit.from + from,
        to: unit.from + to,
        text: sentence.replaceAll(/\s+/g, ' '),
        unit,
        section: unit.section,
        lead,
        instructs,
      })
    }
  })
  return sentences
}

const LABELLED_WRONG =
  /^\W*(?:wrong|bad|incorrect|don't|anti-?pattern|before|not|never|old|formerly|obsolete|❌|✗)\s*(?:\([^)]*\))?\s*:/iu

function lastClause(lead: string): string {
  return lead.slice(-160)
}

function isQuotation(sentence: string): boolean {
  return (
    /^["“„«].*["”“»][.!?]?$/.test(sentence.trim()) ||
    /\b(?:wrote|said|asked|reads|read|claimed|complained|suggested)\b[^"“„«]{0,30}["“„«]/i.test(sentence)
  )
}

/** What somebody else said, four words or more in quotation marks, becomes blanks. */
function withoutQuotations(text: string): string {
  return text.replaceAll(/["“„«][^"“”„»\n]{8,400}["”“»]/g, (whole) =>
    whole.trim().split(/\s+/).length >= 4 ? whole.replaceAll(/[^\n]/g, ' ') : whole,
  )
}

function hasNegativeColumn(document: Document, unit: Unit): boolean {
  const header = headerOf(document, unit)
  return /^\W*(?:wrong|bad|don't|do not|before|anti-?pattern|mistake|never|old|looks like|was|myth)\b/i.test(
    header,
  )
}

/** The header of the column a cell stands in. */
export function headerOf(document: Document, unit: { row: Row | null; from: number }): string {
  const { row } = unit
  if (!row || row.isHeader) return ''
  const column = row.cells.findIndex((cell) => cell.from === unit.from)
  const cell = row.table.rows.find((candidate) => candidate.isHeader)?.cells[column]
  return cell ? cleanProse(document.source.norm.slice(cell.from, cell.to)).trim() : ''
}

/** For each unit the text it hangs from: its parent item, or the paragraph that introduces its list. */
function leadsOf(document: Document): string[] {
  const { norm } = document.source
  const leads: string[] = []
  const leadOfItem = new Map<unknown, string>()
  let introduction = ''
  let section: Section | null = null
  for (const unit of document.units) {
    if (section !== unit.section) introduction = ''
    section = unit.section
    const text = cleanProse(norm.slice(unit.from, Math.min(unit.to, unit.from + 400)))
      .replaceAll(/\s+/g, ' ')
      .trim()
    if (unit.item) {
      const parent = unit.item.parent ? (leadOfItem.get(unit.item.parent) ?? '') : introduction
      const own = leadOfItem.get(unit.item)
      leads.push(own ?? parent)
      if (own === undefined) leadOfItem.set(unit.item, text)
    } else if (unit.row) leads.push(introduction)
    else {
      leads.push('')
      if (unit.kind === 'paragraph') introduction = /:\W*$/.test(text) ? text : ''
    }
  }
  return leads
}

/** The file offset of a place in a sentence's text. */
export function offsetIn(norm: string, sentence: Sentence, index: number): number {
  const cleaned = cleanProse(norm.slice(sentence.unit.from, sentence.unit.to)).slice(
    sentence.from - sentence.unit.from,
  )
  let at = 0
  for (let seen = 0; seen < index && at < cleaned.length; seen++)
    at += /^\s+/.exec(cleaned.slice(at, at + 400))?.[0].length ?? 1
  return sentence.from + at
}

export function sentencesWithin(sentences: readonly Sentence[], section: Section): Sentence[] {
  return sentences.filter((sentence) => isWithin(sentence.section, section))
}
