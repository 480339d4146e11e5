import { applyEdits, chooseFixes, keepsTheRest, keyOf, type Chosen } from './fixes/apply.ts'
import type { Edit, Finding, Rule } from './finding.ts'
import { lint, type LintResult } from './lint.ts'
import { ALL_RULES } from './rules/all-rules.ts'
import { completeInvariants } from './fixes/complete-invariants.ts'
import { repairHunks } from './fixes/hunk-counts.ts'

const PASSES_MAX = 12

/** A fix that was made, with the heading it stood under before its pass. */
export interface Applied {
  readonly rule: string
  readonly heading: string | null
  readonly line: number
  readonly message: string
  readonly advice: string
  readonly edits: number
  readonly deletes: string | null
}

export interface HardenResult {
  readonly before: string
  readonly after: string
  readonly initial: LintResult
  readonly final: LintResult
  readonly applied: readonly Applied[]
  /** Single edits made over all passes. */
  readonly edits: number
  readonly remaining: readonly Finding[]
  readonly passes: number
}

/**
 * Makes the safe fixes until none is left, then verifies: nothing new is found, what lies between the edits is
 * untouched, another run changes nothing. A fix that breaks this is left out and reported as remaining.
 */
export function harden(text: string, rules: readonly Rule[] = ALL_RULES): HardenResult {
  const initial = lint(text, rules)
  const refused = new Set<string>()
  const applied: Applied[] = []
  let current = { text, result: initial }
  let edits = 0
  let passes = 0
  while (passes < PASSES_MAX) {
    const chosen = chooseFixes(current.result.findings, refused)
    if (chosen.length === 0) break
    passes++
    const next = takePass(current, chosen, refused, rules)
    applied.push(...next.taken.map((fix) => describe(fix)))
    edits += next.taken.reduce((sum, fix) => sum + fix.edits.length, 0)
    current = { text: next.text, result: next.result }
  }
  const completed = initial.findings.length > 0 ? completeInvariants(current.result, rules) : null
  if (completed) {
    applied.push(completed.applied)
    edits += completed.edits
    current = { text: completed.text, result: completed.result }
  }
  const remaining = current.result.findings
  return {
    before: text,
    after: current.text,
    initial,
    final: current.result,
    applied,
    edits,
    remaining,
    passes,
  }
}

function describe({ finding, edits }: Chosen): Applied {
  return {
    rule: finding.rule,
    heading: finding.heading,
    line: finding.startLine,
    message: finding.message,
    advice: finding.fix.advice,
    edits: edits.length,
    deletes: finding.fix.deletes ?? null,
  }
}

interface Pass {
  readonly text: string
  readonly result: LintResult
  readonly taken: readonly Chosen[]
}

/** Tries of one pass: enough to single out a few bad fixes, bounded for a document full of them. */
const TRIES_MAX = 64

/** Applies a pass's fixes; where together they bring up something new, the guilty are singled out by halves. */
function takePass(
  current: { text: string; result: LintResult },
  chosen: readonly Chosen[],
  refused: Set<string>,
  rules: readonly Rule[],
): Pass {
  let tries = 0
  const good = (fixes: readonly Chosen[]): Pass | null => {
    if (fixes.length === 0) return null
    const whole = tries++ < TRIES_MAX ? attempt(current, fixes, rules) : null
    if (whole) return whole
    if (fixes.length === 1 || tries >= TRIES_MAX) {
      for (const { finding } of fixes) refused.add(keyOf(finding))
      return null
    }
    const middle = fixes.length >> 1
    const left = good(fixes.slice(0, middle))
    const right = good(fixes.slice(middle))
    if (!left || !right) return left ?? right
    // Good halves that are bad together: the right one waits for the next pass.
    return attempt(current, [...left.taken, ...right.taken], rules) ?? left
  }
  return good(chosen) ?? { ...current, taken: [] }
}

function attempt(
  current: { text: string; result: LintResult },
  chosen: readonly Chosen[],
  rules: readonly Rule[],
): Pass | null {
  const { source } = current.result.facts.document
  const edits: Edit[] = repairHunks(
    current.result.facts,
    chosen.flatMap((fix) => [...fix.edits]),
  )
  const text = applyEdits(source, edits)
  if (text === current.text || !keepsTheRest(source, edits, text)) return null
  const result = lint(text, rules)
  const isSettled = settles(chosen, current.result.findings, result.findings)
  return isSettled ? { text, result, taken: chosen } : null
}

/** No rule finds more than before under a heading, and every fix that was made silences what it is for. */
function settles(chosen: readonly Chosen[], before: readonly Finding[], after: readonly Finding[]): boolean {
  const known = countByPlace(before)
  const left = countByPlace(after)
  const aimed = countByPlace(chosen.map(({ finding }) => finding))
  if ([...left].some(([place, count]) => count > (known.get(place) ?? 0))) return false
  return [...aimed].every(([place, count]) => (left.get(place) ?? 0) <= (known.get(place) ?? 0) - count)
}

function countByPlace(findings: readonly Finding[]): Map<string, number> {
  const places = new Map<string, number>()
  for (const { rule, heading } of findings)
    places.set(`${rule} ${heading ?? ''}`, (places.get(`${rule} ${heading ?? ''}`) ?? 0) + 1)
  return places
}
