import type { Code } from './code-block.ts'
import type { Source } from './source.ts'

export interface Section {
  readonly index: number
  /** Exact heading text, without the marks; null for what stands before the first heading. */
  readonly heading: string | null
  readonly level: number
  /** The one heading of level 1 is the document's title; where there are several they are sections. */
  readonly isTitle: boolean
  readonly from: number
  readonly headingTo: number
  /** End of the section's own text: the next heading of any level. */
  readonly ownTo: number
  /** End of the section with its subsections. */
  readonly to: number
  readonly parent: Section | null
}

export interface ListItem {
  readonly from: number
  readonly to: number
  readonly parent: ListItem | null
  /** `-`, `*`, `+`, or the ordinal with its delimiter. */
  readonly mark: string
}

export interface Cell {
  readonly from: number
  readonly to: number
}

export interface Row {
  readonly from: number
  readonly to: number
  readonly cells: readonly Cell[]
  readonly table: Table
  readonly isHeader: boolean
}

export interface Table {
  readonly from: number
  readonly to: number
  readonly rows: Row[]
}

export type UnitKind = 'paragraph' | 'heading' | 'cell' | 'comment' | 'html'

/** A run of prose: a paragraph, a list item's text, a table cell, a heading, a comment. */
export interface Unit {
  readonly kind: UnitKind
  readonly from: number
  readonly to: number
  readonly section: Section
  readonly item: ListItem | null
  readonly row: Row | null
  readonly inQuote: boolean
}

export interface Document {
  readonly source: Source
  readonly sections: readonly Section[]
  readonly units: readonly Unit[]
  readonly codes: readonly Code[]
  readonly tables: readonly Table[]
  readonly items: readonly ListItem[]
}

/** The innermost section that holds an offset. */
export function sectionAt(document: Document, offset: number): Section {
  const { sections } = document
  let low = 0
  let high = sections.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((sections[middle]?.from ?? 0) <= offset) low = middle
    else high = middle - 1
  }
  const section = sections[low]
  if (!section) throw new Error(`no section holds the offset: ${offset}`)
  return section
}

export function isWithin(section: Section, ancestor: Section): boolean {
  for (let at: Section | null = section; at; at = at.parent) if (at === ancestor) return true
  return false
}
