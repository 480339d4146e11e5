import { isWithin, type Section } from '../markdown/document.ts'
import type { Facts } from './facts.ts'
import { mentionsMode } from './modes.ts'
import { perFacts } from './per-facts.ts'

const GATE_WORDS: readonly (readonly [RegExp, number])[] = [
  [/\bgates?\b/i, 6],
  [/\bverif\w*|\bacceptance\b|\bgo\s*\/\s*no-?go\b|\babnahme\b/i, 5],
  [
    /\bsmoke\b|\bvalidat\w+|\bsign-?off\b|\bexit criteria\b|\bproof\b|\bprov(?:e|ing)\b|\brehears\w+|\bquality\b/i,
    4,
  ],
  [
    /\bchecks?(?:list)?\b|\btests?\b|\btesting\b|\bconfirm\w*|\bpre-?flight\b|\bcriteria\b|\bdrill\b|\btrials?\b/i,
    2,
  ],
]

/** The section with the checks that a mode change has to pass; null where none looks like it. */
export const gateSection: (facts: Facts) => Section | null = perFacts(findGate)

function findGate(facts: Facts): Section | null {
  let best: { section: Section; score: number } | null = null
  for (const section of facts.document.sections) {
    if (section.heading === null || facts.archived.has(section) || section.isTitle) continue
    const word = GATE_WORDS.find(([pattern]) => pattern.test(section.heading ?? ''))?.[1] ?? 0
    if (word === 0) continue
    const text = facts.norm.slice(section.headingTo, section.to)
    const modes = ['OFF', 'SHADOW', 'ON'].filter((mode) => namesMode(text, mode)).length
    const sends =
      /\b(?:sends?|sent|arrives?|receives?|handsets?|phones?|deliver\w*|\d+ (?:texts?|messages?|sms))\b/i.test(
        text,
      )
        ? 2
        : 0
    const score = word + modes + sends + (/\b(?:reconcil|unit|php -l)/i.test(text) ? -1 : 0)
    if (word + modes + sends >= 5 && modes + sends > 0 && (!best || score > best.score))
      best = { section, score }
  }
  return best?.section ?? gateByContent(facts)
}

/** In capitals anywhere; in small letters only as a cell or in quotes of its own. */
function namesMode(text: string, mode: string): boolean {
  const small = mode.toLowerCase()
  return new RegExp(`\\b${mode}\\b|[|\`"']\\s*${small}\\s*[|\`"']`).test(text)
}

/** A section under another name that sends in all three modes and looks what arrives. */
function gateByContent(facts: Facts): Section | null {
  const sections = facts.document.sections.filter(
    (section) => section.heading !== null && !section.isTitle && !facts.archived.has(section),
  )
  return (
    sections.find((section) => {
      const text = facts.norm.slice(section.headingTo, section.ownTo)
      const hasModes = ['OFF', 'SHADOW', 'ON'].every((mode) => namesMode(text, mode))
      return (
        hasModes &&
        /\b(?:arrives?|receives?|handsets?|phones?)\b/i.test(text) &&
        /\b(?:verify|check|pass(?:es)?|expect\w*|prove|confirm|make sure|must (?:all )?(?:hold|pass|arrive))\b/i.test(
          text,
        )
      )
    }) ?? null
  )
}

const RECONCILE =
  /\breconcil\w*|\babgleich\w*|\bmismatch\w*|\b(?:compar\w+|match\w*|align\w*|balanc\w+|diff\w*|cross-?check\w*)\b[^\n]*\b(?:logs?|tables?|sides?|uuids?|ledgers?|records?|rows?|systems?|books?)\b|\b(?:logs?|tables?|uuids?|ledgers?)\b[^\n]*\bcompar\w+|\bconsistency\b|\baudit of\b/i

/** The outermost section about reconciliation. */
export const reconcileSection: (facts: Facts) => Section | null = perFacts(findReconcile)

function findReconcile(facts: Facts): Section | null {
  const live = facts.document.sections.filter(
    (section) => section.heading !== null && !section.isTitle && !facts.archived.has(section),
  )
  const named = live.filter((section) => RECONCILE.test(section.heading ?? ''))
  const byName = named.find((section) => /reconcil|abgleich/i.test(section.heading ?? '')) ?? named[0]
  if (byName) return byName
  const held = bestHolder(facts)
  if (held) return held
  const told = facts.sentences.find(
    ({ text, instructs, section }) =>
      instructs && !section.isTitle && /\breconcil\w*\b/i.test(text) && !/\bafter\b/i.test(text),
  )
  return told?.section ?? null
}

/** The section whose queries read both logs; of several the one that speaks of comparing. */
function bestHolder(facts: Facts): Section | null {
  const holders = Array.from(tablesBySection(facts)).filter(
    ([, names]) => names.has('go_sms_logs') && names.has('sms_logs'),
  )
  let best: { section: Section; score: number } | null = null
  for (const [section] of holders) {
    const text = facts.norm.slice(section.headingTo, section.ownTo)
    const isNamed = /\b(?:compar\w+|match\w*|check|balance|audit|diff\w*)\b/i.test(section.heading ?? '')
    const isRuled = /\b(?:mismatch\w*|one side|only one|join key|key\b)/i.test(text)
    const score = Number(isNamed) + Number(isRuled)
    if (!best || score > best.score) best = { section, score }
  }
  return best?.section ?? null
}

function tablesBySection(facts: Facts): Map<Section, Set<string>> {
  const tables = new Map<Section, Set<string>>()
  for (const { code, sql, instructs } of facts.codes) {
    if (!instructs || code.section.isTitle || facts.archived.has(code.section)) continue
    const names = tables.get(code.section) ?? new Set()
    for (const { statement } of sql) for (const { name } of statement.tables) names.add(name)
    tables.set(code.section, names)
  }
  return tables
}

/** The part of the reconciliation that says what follows from its result. */
export function outcomeSection(facts: Facts, reconcile: Section): Section {
  const parts = facts.document.sections.filter(
    (section) => section !== reconcile && isWithin(section, reconcile) && !facts.archived.has(section),
  )
  return (
    parts.findLast((section) =>
      /\b(?:results?|outcome|mismatch\w*|rule|evaluat\w+|decision|decide|what to do|verdict|handling|interpret\w*|reading|consequen\w*|findings|differences?)\b/i.test(
        section.heading ?? '',
      ),
    ) ?? reconcile
  )
}

/** Whether a document describes the whole migration, so that a missing part of it is a defect. */
export function isWholeRunbook(facts: Facts): boolean {
  const { document, norm } = facts
  const top = document.sections.filter((section) => section.level === 1 || section.level === 2)
  return (
    top.length >= 5 &&
    mentionsMode(norm) &&
    /\bSHADOW\b/.test(norm) &&
    /\bsms_logs\b/.test(norm) &&
    facts.codes.length >= 3
  )
}

/** Level of the document's steps: the commonest level above the deepest. */
export function stepLevel(facts: Facts): number {
  const levels = facts.document.sections
    .filter((section) => section.heading !== null)
    .map(({ level }) => level)
  const count = (level: number): number => levels.filter((other) => other === level).length
  return count(2) > 0 || count(1) <= 1 ? 2 : 1
}

export function isBefore(section: Section): boolean {
  return /\b(?:roll ?-?back|back-?out|revert|abort plan|monitoring|on-?call|contacts?|appendix|history|revision)\b/i.test(
    section.heading ?? '',
  )
}
