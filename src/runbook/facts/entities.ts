import type { Sentence } from '../prose/prose.ts'
import { collectLegacy, STOP } from './legacy-names.ts'

/** What the runbook calls the two systems, as patterns to find them in cleaned prose. */
export interface Entities {
  readonly goNames: readonly string[]
  readonly laravelNames: readonly string[]
  readonly legacyNames: readonly string[]
  readonly go: RegExp
  readonly laravel: RegExp
  readonly legacy: RegExp
}

const NAME = String.raw`([A-Za-z][\w]*(?:[-.][\w]+)*)`
const KIND = String.raw`(?:services?|side|app(?:lication)?|program|binary|daemon|worker|backend|micro-?service|gateway|server|system|component|rewrite|process|sender|api|dispatcher|hub|relay)`
const GO_PATTERNS: readonly RegExp[] = [
  new RegExp(
    String.raw`(?<=^|[\s(])${NAME}\s*(?:,|is|=|:|–|—|\s-\s|\(|stands for|means|denotes|refers to)\s*(?:our|the|a|an)?\s*(?:new|small|stateless)?\s*(?:Go|Golang)\b(?:[ -](?:[\w-]+\s){0,2}?${KIND}|\b(?=\s*[\d.,)]))`,
    'gi',
  ),
  new RegExp(
    String.raw`\bGo(?:lang)?[ -](?:[\w-]+\s){0,2}?${KIND}\s*(?:\(\s*|called\s+|named\s+|is\s+|=\s*|"\s*|\s+)"?(?<quoted>${NAME})`,
    'gi',
  ),
  new RegExp(String.raw`\bservice\s+${NAME}\s+\((?:written in )?Go\b`, 'gi'),
  new RegExp(
    String.raw`(?<=^|[\s(])${NAME}\s*(?:,|is|=|:|–|—|\s-\s|\()\s*(?:our|the|a)\s+(?:new\s+)?messaging service\b`,
    'gi',
  ),
  new RegExp(String.raw`(?<=^|[\s(])${NAME}\s+\((?:written in |in )?Go(?:lang)?\b`, 'gi'),
  new RegExp(String.raw`\bGo(?:lang)?[ -](?:[\w-]+\s){0,2}?${KIND},\s+${NAME}\s*,`, 'gi'),
  new RegExp(String.raw`\bGo(?:lang)? \d[\d.]*\s*\(\s*${NAME}\s*\)`, 'gi'),
]
const LARAVEL_PATTERNS: readonly RegExp[] = [
  new RegExp(
    String.raw`(?<=^|[\s(])${NAME}\s*(?:,|is|=|:|–|—|\s-\s|\()\s*(?:our|the|a|an)?\s*(?:\w+\s)?(?:Laravel)\b`,
    'gi',
  ),
  new RegExp(
    String.raw`\bLaravel\s*(?:\d+(?:\.\d+)*\s*)?(?:app(?:lication)?|monolith|portal|project|side|code base|codebase|system|backend|shop)\s*(?:\(\s*|called\s+|named\s+|\s+)${NAME}`,
    'gi',
  ),
  new RegExp(String.raw`(?<=^|[\s(])${NAME}\s+Laravel\s+(?:app|application|monolith)`, 'gi'),
  new RegExp(String.raw`\bLaravel \d[\d.x]*\s*\(\s*${NAME}\s*\)`, 'gi'),
]

function collect(
  patterns: readonly RegExp[],
  text: string,
  norm: string,
  into: Map<string, number>,
  weight: number,
): void {
  for (const pattern of patterns) {
    for (const match of text.matchAll(pattern)) {
      const name = match.groups?.['quoted'] ?? match[1] ?? ''
      if (name.length < 3 || STOP.has(name.toLowerCase()) || /^\d/.test(name)) continue
      const isName = /[-_.\d]/.test(name) || /^[A-Z]/.test(name) || norm.includes(`\`${name}\``)
      if (isName || (match.groups?.['quoted'] === undefined && name.length > 3))
        into.set(name, (into.get(name) ?? 0) + weight)
    }
  }
}

export function findEntities(sentences: readonly Sentence[], norm: string): Entities {
  const go = new Map<string, number>()
  const laravel = new Map<string, number>()
  const legacy = new Map<string, number>()
  for (const { text, unit } of sentences) {
    const raw = norm.slice(unit.from, unit.to)
    collectLegacy(text, norm, legacy)
    if (!/\b(?:Go|Golang|Laravel|messaging service|legacy)\b/i.test(text)) continue
    collect(GO_PATTERNS, text, norm, go, 1)
    collect(LARAVEL_PATTERNS, text, norm, laravel, 1)
    if (unit.row && !unit.row.isHeader) fromRow(unit.row, norm, raw, { go, laravel, legacy })
  }
  const goNames = namesUsed(go, norm, laravel)
  const laravelNames = namesUsed(laravel, norm, go)
  const legacyNames = Array.from(
    new Set(
      [...legacy.keys()]
        .filter((name) => !goNames.includes(name) && !laravelNames.includes(name))
        .concat(Array.from(norm.matchAll(/\bLegacy[A-Z]\w+|\b\w+Legacy\w*/g), ([name]) => name)),
    ),
  ).slice(0, 20)
  return {
    goNames,
    laravelNames,
    legacyNames,
    go: goPattern(goNames),
    laravel: laravelPattern(laravelNames),
    legacy: legacyPattern(legacyNames, sentences),
  }
}

/** The classes of the properties that the code sends with in OFF, added to what the prose calls legacy. */
export function withLegacyOfCode(
  entities: Entities,
  properties: readonly string[],
  sentences: readonly Sentence[],
  norm: string,
): Entities {
  const stems = properties.map((name) => name.toLowerCase()).filter((name) => name.length >= 4)
  if (stems.length === 0) return entities
  const names = new Set(entities.legacyNames)
  for (const [name] of norm.matchAll(/\b[A-Z][a-z\d]+(?:[A-Z][a-z\d]*)+\b/g)) {
    const lower = name.toLowerCase()
    const isOfIt = stems.some((stem) => lower.startsWith(stem) || lower.endsWith(stem))
    if (isOfIt && !/Client$|Controller$|Request$|Exception$/.test(name)) names.add(name)
  }
  const legacyNames = [...names].slice(0, 24)
  return { ...entities, legacyNames, legacy: legacyPattern(legacyNames, sentences) }
}

/** A term table: the name in the first cell, "the Go service ..." in another. */
function fromRow(
  row: { cells: readonly { from: number; to: number }[] },
  norm: string,
  cell: string,
  into: Record<'go' | 'laravel' | 'legacy', Map<string, number>>,
): void {
  const first = row.cells[0]
  if (!first) return
  const name = /^[`*]*([A-Za-z][\w.-]*)[`*]*$/.exec(norm.slice(first.from, first.to))?.[1]
  if (!name || name.length < 3 || STOP.has(name.toLowerCase())) return
  if (/^(?:the |our |a )?(?:new )?Go (?:\w+ )?(?:service|app|side|system|backend|binary)/i.test(cell))
    into.go.set(name, 2)
  if (/^(?:the |our |a )?(?:\w+ )?Laravel\b/i.test(cell)) into.laravel.set(name, 2)
  if (
    /^(?:the |our |a )?(?:legacy|old) (?:\w+ )?(?:driver|sender|path|gateway|client|adapter|transport)\b/i.test(
      cell,
    )
  )
    into.legacy.set(name, 2)
}

function namesUsed(
  found: ReadonlyMap<string, number>,
  norm: string,
  other: ReadonlyMap<string, number>,
): string[] {
  return Array.from(found)
    .filter(([name, weight]) => weight >= (other.get(name) ?? 0))
    .map(([name]) => name)
    .filter((name) => norm.indexOf(name) !== norm.lastIndexOf(name))
    .slice(0, 12)
}

function escape(name: string): string {
  return name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
}

function namePart(names: readonly string[]): string {
  return names.map((name) => String.raw`|(?<![\w/.-])${escape(name)}(?![\w/]|[-.]\w)`).join('')
}

function goPattern(names: readonly string[]): RegExp {
  const base = String.raw`\b[Gg]o(?:lang)?[ -](?:[\w-]+[ -])?${KIND}|\b[Tt]he Go\b|\b(?:Go)\b(?!\s*(?:\/|to\b|on\b|live|ahead|back|through|online|\d))|\b[Mm]essaging[ -][Ss]ervice(?!Client)|\b[Nn]ew (?:service|gateway|sender|system|path|messaging)`
  return new RegExp(base + namePart(names.flatMap((name) => spellings(name))), 'g')
}

function laravelPattern(names: readonly string[]): RegExp {
  return new RegExp(
    String.raw`\b[Ll]aravel\b|\b[Mm]onolith\b` + namePart(names.flatMap((name) => spellings(name))),
    'g',
  )
}

export function legacyPattern(names: readonly string[], sentences: readonly Sentence[]): RegExp {
  const sidecar = sentences.some(({ text }) => /\bsidecar\b/i.test(text)) ? '|\\b[Ss]idecar\\b' : ''
  const base = String.raw`\b(?:[Ll]egacy|LEGACY|[Oo]ld|[Ee]xisting|[Pp]revious)(?: sms| SMS)?[ -](?:driver|path|gateway|sender|code|way|system|route|client|stack|transport|adapter|provider|service|channel|sms|SMS|side|send|integration|class|connector|sending|one)s?\b|\b[Ll]egacy\b|\b[Ss]econd path\b|\b[Ll]aravel(?:'s)? (?:driver|legacy|sender)`
  return new RegExp(base + sidecar + namePart(names), 'g')
}

/** A name as it stands inside a sentence and at its beginning. */
function spellings(name: string): string[] {
  const rest = name.slice(1)
  return [name.charAt(0).toUpperCase() + rest, name.charAt(0).toLowerCase() + rest]
}

export function mentions(pattern: RegExp, text: string): boolean {
  pattern.lastIndex = 0
  const found = pattern.test(text)
  pattern.lastIndex = 0
  return found
}

/** Where the pattern stands in a text, as offsets. */
export function placesOf(pattern: RegExp, text: string): { from: number; to: number }[] {
  return Array.from(text.matchAll(pattern), (match) => ({
    from: match.index,
    to: match.index + match[0].length,
  }))
}
