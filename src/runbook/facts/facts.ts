import type { Tree } from '../code/node.ts'
import { readSettings, type Setting } from '../config/settings.ts'
import { parseGo } from '../go/parse-go.ts'
import type { Code } from '../markdown/code-block.ts'
import type { Document, Section } from '../markdown/document.ts'
import { parsePhp } from '../php/parse-php.ts'
import { cleanProse } from '../prose/clean.ts'
import { NEGATIVE_LEAD } from '../prose/modality.ts'
import { archivedSections, readProse, type Sentence } from '../prose/prose.ts'
import { readSql, type SqlStatement } from '../sql/statements.ts'
import { findRoles, type Roles } from './calls.ts'
import { findEntities, mentions, withLegacyOfCode, type Entities } from './entities.ts'
import { modesInText, type Mode } from './modes.ts'
import { findSubject, type Subject } from './subject.ts'

export interface SqlFact {
  readonly statement: SqlStatement
  /** Where the statement's offsets begin in the block's text. */
  readonly base: number
}

export interface CodeFact {
  readonly code: Code
  readonly tree: Tree | null
  readonly sql: readonly SqlFact[]
  readonly settings: readonly Setting[]
  /** The sentence or heading right above the block. */
  readonly lead: string
  readonly instructs: boolean
  readonly side: 'laravel' | 'go' | 'unknown'
}

export interface Facts {
  readonly document: Document
  readonly norm: string
  readonly subject: Subject
  readonly sentences: readonly Sentence[]
  readonly codes: readonly CodeFact[]
  readonly entities: Entities
  readonly roles: Roles
  readonly archived: ReadonlySet<Section>
  /** The sentence before or after, in the order of the text. */
  readonly neighbour: (sentence: Sentence, step: 1 | -1) => Sentence | undefined
  /** The modes a sentence speaks about, from its own words or from what it hangs from. */
  readonly modesOf: (sentence: Sentence) => ReadonlySet<Mode>
}

export function gatherFacts(document: Document): Facts {
  const { norm } = document.source
  const archived = archivedSections(document)
  const subject = findSubject(norm)
  const sentences = subject.isMigration ? readProse(document, archived) : []
  const entities = findEntities(sentences, norm)
  const codes = subject.isMigration ? readCodes(document, archived, entities) : []
  const trees = codes
    .filter(({ tree, code, instructs }) => tree && code.language === 'php' && instructs)
    .map(({ tree }) => tree)
  const roles = findRoles(
    trees.filter((tree) => tree !== null),
    entities,
  )
  return {
    document,
    norm,
    subject,
    sentences,
    codes,
    entities: withLegacyOfCode(entities, roles.legacyProperties, sentences, norm),
    roles,
    archived,
    neighbour: neighbours(sentences),
    modesOf: modeReader(sentences, norm),
  }
}

function neighbours(sentences: readonly Sentence[]): Facts['neighbour'] {
  const places = new Map(sentences.map((sentence, index) => [sentence, index]))
  return (sentence, step) => sentences[(places.get(sentence) ?? -2) + step]
}

function readCodes(document: Document, archived: ReadonlySet<Section>, entities: Entities): CodeFact[] {
  const { norm } = document.source
  let at = 0
  return document.codes.map((code) => {
    while (at + 1 < document.units.length && (document.units[at + 1]?.from ?? Infinity) < code.from) at++
    const unit = document.units[at]
    const isNear = unit && unit.from < code.from && unit.section === code.section
    const lead = isNear
      ? cleanProse(norm.slice(Math.max(unit.from, unit.to - 300), unit.to))
          .replaceAll(/\s+/g, ' ')
          .trim()
      : ''
    const tree =
      code.language === 'php' ? parsePhp(code.text) : code.language === 'go' ? parseGo(code.text) : null
    const sql = sqlIn(code, tree)
    return {
      code,
      tree,
      sql,
      settings: readSettings(code),
      lead,
      instructs: instructs(code, lead, archived),
      side: sideOf(code, lead, entities),
    }
  })
}

const HEAD_COMMENT = /^\s*(?:<\?php\s*)?(?:\/\/|#|--|\/\*)\s*([^\n]*)/

function instructs(code: Code, lead: string, archived: ReadonlySet<Section>): boolean {
  if (archived.has(code.section)) return false
  const lastSentence = lead.split(/(?<=[.!?])\s+/).at(-1) ?? ''
  if (NEGATIVE_LEAD.test(lastSentence) && !/\bafter\b\s*:/i.test(lastSentence)) return false
  if (NEGATIVE_LEAD.test(code.section.heading ?? '') && !code.section.isTitle) return false
  if (/\b(?:bad|wrong|before|old|negative|anti)\b/i.test(code.info.replace(/^\S+/, ''))) return false
  const comment = HEAD_COMMENT.exec(code.text)?.[1] ?? ''
  if (NEGATIVE_LEAD.test(comment) || /^(?:before|old|do not|don't|never)\b/i.test(comment)) return false
  return !(
    code.inQuote &&
    /\b(?:wrote|said|mail|e-?mail|quot\w+|chat|slack|original|complain\w*|suggest\w*|review\w*|comment\w*)\b/i.test(
      lead,
    )
  )
}

function sideOf(code: Code, lead: string, entities: Entities): CodeFact['side'] {
  if (code.language === 'php') return 'laravel'
  if (code.language === 'go') return 'go'
  const near = [
    HEAD_COMMENT.exec(code.text)?.[1] ?? '',
    lead,
    headingOf(code.section),
    headingOf(code.section.parent),
  ]
  for (const text of near) {
    const isGo = mentions(entities.go, text)
    const isLaravel = mentions(entities.laravel, text)
    if (isGo !== isLaravel) return isGo ? 'go' : 'laravel'
  }
  return 'unknown'
}

/** The title is about both systems, so it gives a block to neither. */
function headingOf(section: Section | null): string {
  return section && !section.isTitle ? (section.heading ?? '') : ''
}

const SQL_START =
  /^[\s"'`(]*(?:<<<?['"]?\w+['"]?\s+)?(?=(?:select|insert|update|delete|replace|merge|with|grant|revoke)\s)/i

function sqlIn(code: Code, tree: Tree | null): SqlFact[] {
  if (code.language === 'sql') return readSql(code.text).map((statement) => ({ statement, base: 0 }))
  if (tree) {
    return tree.nodes
      .filter((node) => node.kind === 'string')
      .flatMap((node) => {
        const text = tree.text.slice(node.from, node.to)
        const start = SQL_START.exec(text)
        if (!start || text.length > 20_000) return []
        const inner = text.slice(start[0].length).replace(/["'`]$/, ' ')
        return readSql(inner).map((statement) => ({ statement, base: node.from + start[0].length }))
      })
  }
  if (code.language === 'shell' || code.language === 'other' || code.language === 'yaml')
    return sqlInShell(code.text)
  return []
}

const SHELL_QUERY = /(["'])\s*((?:select|insert|update|delete|grant|revoke)\s[^"']*(?:'[^']*'[^"']*)*)\1/gi

function sqlInShell(text: string): SqlFact[] {
  const quoted = Array.from(text.matchAll(SHELL_QUERY)).flatMap((match) => {
    const base = match.index + match[0].indexOf(match[2] ?? '')
    return readSql(match[2] ?? '').map((statement) => ({ statement, base }))
  })
  const heredocs = Array.from(text.matchAll(/<<-?\s*['"]?(\w+)['"]?[^\n]*\n([\s\S]*?)\n\s*\1\b/g)).flatMap(
    (match) => {
      const base = match.index + match[0].indexOf(match[2] ?? '')
      return readSql(match[2] ?? '').map((statement) => ({ statement, base }))
    },
  )
  return [...quoted, ...heredocs]
}

const LONE_MODE = /^\W*(OFF|SHADOW|ON)\W*$/i

/** A sentence without a mode of its own has that of its row, its column, the lines before it, or its heading. */
function modeReader(sentences: readonly Sentence[], norm: string): (sentence: Sentence) => ReadonlySet<Mode> {
  const cache = new Map<Sentence, ReadonlySet<Mode>>()
  const previous = new Map<Sentence, Sentence>()
  sentences.forEach((sentence, index) => {
    const before = sentences[index - 1]
    if (before && before.unit === sentence.unit) previous.set(sentence, before)
  })
  const inherited = (sentence: Sentence): ReadonlySet<Mode> => {
    const { row } = sentence.unit
    if (row) return modesOfRow(row.cells.map((cell) => norm.slice(cell.from, cell.to)))
    const before = previous.get(sentence)
    if (before && modesOf(before).size > 0) return modesOf(before)
    const lead = modesInText(sentence.lead.slice(0, 120))
    if (lead.size === 1) return lead
    for (let section: Section | null = sentence.section; section; section = section.parent) {
      const heading = headingModes(section.heading ?? '')
      if (heading.size === 1) return heading
      if (heading.size > 1) break
    }
    return new Set()
  }
  const modesOf = (sentence: Sentence): ReadonlySet<Mode> => {
    const known = cache.get(sentence)
    if (known) return known
    const own = modesInText(sentence.text)
    const modes = own.size > 0 ? own : inherited(sentence)
    cache.set(sentence, modes)
    return modes
  }
  return modesOf
}

export function modesOfRow(cells: readonly string[]): ReadonlySet<Mode> {
  for (const cell of cells.slice(0, 4)) {
    const mode = LONE_MODE.exec(cleanProse(cell))?.[1]?.toUpperCase()
    if (mode === 'OFF' || mode === 'SHADOW' || mode === 'ON') return new Set([mode])
  }
  return new Set()
}

/** A heading names its mode even where it says "to": `Switch to SHADOW` heads what is done in SHADOW. */
export function headingModes(heading: string): ReadonlySet<Mode> {
  const words = Array.from(heading.matchAll(/\b(OFF|SHADOW|ON)\b|\b(shadow)\b/gi), ([word]) => word)
  const modes = words
    .filter((word) => word === word.toUpperCase() || /^shadow$/i.test(word))
    .map((word) => word.toUpperCase())
  return new Set(modes.filter((mode): mode is Mode => mode === 'OFF' || mode === 'SHADOW' || mode === 'ON'))
}
