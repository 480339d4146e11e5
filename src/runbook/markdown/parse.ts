import type { TreeCursor } from '@lezer/common'
import { GFM, parser } from '@lezer/markdown'
import { joinPieces, type Code, type Piece } from './code-block.ts'
import { afterImage, looksLikeDiff } from './diff-block.ts'
import type { Cell, Document, ListItem, Row, Section, Table, Unit, UnitKind } from './document.ts'
import { languageOf, languageOfPath } from './language.ts'
import { lineEnd, openSource, type Source } from './source.ts'

const markdown = parser.configure(GFM)

/** The grammar takes a table's second line only without blanks behind its last bar; the blanks change sides. */
function tidyTables(norm: string): string {
  return norm.replaceAll(/^([ \t>]*\|?[ \t]*:?-[-:| \t]*)\|([ \t]+)$/gm, '$1$2|')
}

interface Building {
  readonly source: Source
  readonly headings: { level: number; from: number; to: number; text: string }[]
  readonly units: Omit<Unit, 'section'>[]
  readonly codes: Omit<Code, 'section'>[]
  readonly tables: Table[]
  readonly items: ListItem[]
}

interface Place {
  readonly item: ListItem | null
  readonly inQuote: boolean
}

/** Reads Markdown into sections, prose and code, each with exact offsets. Never fails: any text is Markdown. */
export function parseDocument(text: string): Document {
  const source = openSource(text)
  const building: Building = { source, headings: [], units: [], codes: [], tables: [], items: [] }
  const cursor = markdown.parse(tidyTables(source.norm)).cursor()
  if (cursor.firstChild()) visitSiblings(cursor, building, { item: null, inQuote: false }, 0)
  const sections = buildSections(source, building.headings)
  const units = attach(building.units, sections)
  const codes = attach(building.codes, sections)
  return { source, sections, units, codes, tables: building.tables, items: building.items }
}

const DEPTH_MAX = 120

function visitSiblings(cursor: TreeCursor, building: Building, place: Place, depth: number): void {
  do visit(cursor, building, place, depth)
  while (cursor.nextSibling())
  cursor.parent()
}

function visit(cursor: TreeCursor, building: Building, place: Place, depth: number): void {
  const { name, from, to } = cursor
  const heading = /^(?:ATX|Setext)Heading(\d)$/.exec(name)
  if (heading) {
    building.headings.push({
      level: Number(heading[1]),
      from,
      to,
      text: headingText(building.source.norm.slice(from, to)),
    })
    addUnit(building, 'heading', from, to, place, null)
  } else if (name === 'FencedCode' || name === 'CodeBlock') addCode(cursor, building, place)
  else if (name === 'Paragraph' || name === 'Task') addUnit(building, 'paragraph', from, to, place, null)
  else if (name === 'CommentBlock') addUnit(building, 'comment', from, to, place, null)
  else if (name === 'HTMLBlock') addUnit(building, 'html', from, to, place, null)
  else if (name === 'Table') addTable(cursor, building, place)
  else if (depth < DEPTH_MAX) descend(cursor, building, place, depth)
}

function descend(cursor: TreeCursor, building: Building, place: Place, depth: number): void {
  let inner = place
  if (cursor.name === 'Blockquote') inner = { ...place, inQuote: true }
  if (cursor.name === 'ListItem') {
    const mark = /^\S+/.exec(building.source.norm.slice(cursor.from, cursor.from + 12))?.[0] ?? '-'
    const item: ListItem = { from: cursor.from, to: cursor.to, parent: place.item, mark }
    building.items.push(item)
    inner = { ...place, item }
  }
  if (cursor.firstChild()) visitSiblings(cursor, building, inner, depth + 1)
}

function addUnit(
  building: Building,
  kind: UnitKind,
  from: number,
  to: number,
  place: Place,
  row: Row | null,
): void {
  building.units.push({ kind, from, to, row, ...place })
}

function headingText(raw: string): string {
  const first = raw.startsWith('#')
    ? raw.replace(/^#+/, '').replace(/\s#+\s*$/, '')
    : raw.replace(/\n[^\n]*$/, '')
  return first.trim().replaceAll(/\s*\n\s*/g, ' ')
}

function addCode(cursor: TreeCursor, building: Building, place: Place): void {
  const { norm } = building.source
  const { from } = cursor
  const isIndented = cursor.name === 'CodeBlock'
  const to = cursor.to
  const pieces: Piece[] = []
  let info = ''
  if (cursor.firstChild()) {
    do {
      if (cursor.name === 'CodeInfo') info = norm.slice(cursor.from, cursor.to).trim()
      else if (cursor.name === 'CodeText') pieces.push({ from: cursor.from, to: cursor.to })
    } while (cursor.nextSibling())
    cursor.parent()
  }
  const plain = joinPieces(norm, pieces)
  const isDiff = /^(?:diff|patch)\b/i.test(info) || (info === '' && looksLikeDiff(plain.text))
  if (isDiff) {
    const image = afterImage(norm, pieces)
    const language = (image.path === null ? null : languageOfPath(image.path)) ?? languageOf('', image.text)
    building.codes.push({ ...image, language, info, from, to, isDiff, ...place })
    return
  }
  const language = isIndented && place.item === null ? 'other' : languageOf(info, plain.text)
  building.codes.push({
    ...plain,
    language: isIndented ? languageOf('', plain.text) : language,
    info,
    from,
    to,
    isDiff,
    contextLines: new Set(),
    path: null,
    ...place,
  })
}

function addTable(cursor: TreeCursor, building: Building, place: Place): void {
  const { source } = building
  const table: Table = { from: cursor.from, to: cursor.to, rows: [] }
  if (cursor.firstChild()) {
    do {
      if (cursor.name !== 'TableHeader' && cursor.name !== 'TableRow') continue
      const row: Row = {
        from: cursor.from,
        to: cursor.to,
        cells: cellsOf(cursor, source),
        table,
        isHeader: cursor.name === 'TableHeader',
      }
      table.rows.push(row)
      for (const cell of row.cells) addUnit(building, 'cell', cell.from, cell.to, place, row)
    } while (cursor.nextSibling())
    cursor.parent()
  }
  building.tables.push(table)
}

/** Cells between the bars; the grammar leaves empty cells out, and a column's position matters. */
function cellsOf(cursor: TreeCursor, source: Source): Cell[] {
  const { from, to } = cursor
  const bars: number[] = []
  if (cursor.firstChild()) {
    do if (cursor.name === 'TableDelimiter') bars.push(cursor.from)
    while (cursor.nextSibling())
    cursor.parent()
  }
  if (bars[0] !== from) bars.unshift(from - 1)
  if (bars.at(-1) !== to - 1) bars.push(Math.min(to, lineEnd(source, from)))
  return bars.slice(0, -1).map((bar, index) => trimmed(source.norm, bar + 1, bars[index + 1] ?? to))
}

function trimmed(norm: string, from: number, to: number): Cell {
  const raw = norm.slice(from, to)
  const lead = raw.length - raw.trimStart().length
  const text = raw.trim()
  return text === '' ? { from, to: from } : { from: from + lead, to: from + lead + text.length }
}

function buildSections(source: Source, headings: Building['headings']): Section[] {
  const end = source.norm.length
  const open: Section[] = []
  const top = {
    index: 0,
    heading: null,
    level: 0,
    isTitle: false,
    from: 0,
    headingTo: 0,
    ownTo: headings[0]?.from ?? end,
    to: end,
    parent: null,
  }
  const sections: Section[] = [top]
  const ends = endsOfSections(headings, end)
  const titles = headings.filter(({ level }) => level === 1).length
  headings.forEach((heading, index) => {
    while ((open.at(-1)?.level ?? 0) >= heading.level) open.pop()
    const section: Section = {
      index: index + 1,
      heading: heading.text,
      level: heading.level,
      isTitle: heading.level === 1 && titles === 1,
      from: heading.from,
      headingTo: heading.to,
      ownTo: headings[index + 1]?.from ?? end,
      to: ends[index] ?? end,
      parent: open.at(-1) ?? null,
    }
    sections.push(section)
    open.push(section)
  })
  return sections
}

/** For each heading the start of the next one of the same or a higher level, in one pass from the end. */
function endsOfSections(headings: Building['headings'], end: number): number[] {
  const ends: number[] = []
  const nextByLevel = [end, end, end, end, end, end, end]
  for (let index = headings.length - 1; index >= 0; index--) {
    const heading = headings[index]
    if (!heading) continue
    ends[index] = Math.min(...nextByLevel.slice(1, heading.level + 1))
    for (let level = heading.level; level <= 6; level++) nextByLevel[level] = heading.from
  }
  return ends
}

function attach<T extends { from: number }>(
  parts: readonly T[],
  sections: readonly Section[],
): (T & { section: Section })[] {
  let at = 0
  return parts.map((part) => {
    while (at + 1 < sections.length && (sections[at + 1]?.from ?? Infinity) <= part.from) at++
    const section = sections[at]
    if (!section) throw new Error(`no section holds the offset: ${part.from}`)
    return { ...part, section }
  })
}
