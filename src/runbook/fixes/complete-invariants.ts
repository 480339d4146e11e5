import type { Rule } from '../finding.ts'
import type { Applied } from '../harden.ts'
import { lint, type LintResult } from '../lint.ts'
import { invariantEdits, missingInvariants } from '../rules/invariants-missing.ts'
import { sectionAt } from '../markdown/document.ts'
import { lineAt } from '../markdown/source.ts'
import { applyEdits } from './apply.ts'

/**
 * A runbook that is being hardened anyway also gets the text of the invariants that it states nowhere. One that
 * needs no fix is left as it is, byte for byte.
 */
export function completeInvariants(
  result: LintResult,
  rules: readonly Rule[],
): { text: string; result: LintResult; applied: Applied; edits: number } | null {
  const { facts } = result
  const missing = missingInvariants(facts)
  if (missing.length === 0 || facts.document.sections.length < 4) return null
  const edits = invariantEdits(facts, missing)
  const next = applyEdits(facts.document.source, edits)
  const nextResult = lint(next, rules)
  if (nextResult.findings.length > result.findings.length || missingInvariants(nextResult.facts).length > 0)
    return null
  const place = edits[0]?.from ?? 0
  const added = sectionAt(nextResult.facts.document, place)
  const applied: Applied = {
    rule: 'invariants-missing',
    heading: added.heading,
    line: lineAt(facts.document.source, place) + 1,
    message: `Invariant ${missing.join(', ')} stood nowhere as explicit text`,
    advice: 'Add the text.',
    edits: edits.length,
    deletes: null,
  }
  return { text: next, result: nextResult, applied, edits: edits.length }
}
