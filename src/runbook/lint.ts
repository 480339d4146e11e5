import { gatherFacts, type Facts } from './facts/facts.ts'
import type { Finding, Problem, Rule } from './finding.ts'
import { sectionAt } from './markdown/document.ts'
import { parseDocument } from './markdown/parse.ts'
import { lineAt } from './markdown/source.ts'
import { ALL_RULES } from './rules/all-rules.ts'

export interface LintResult {
  readonly facts: Facts
  /** In the order of the text; empty for a document that is no runbook of this migration. */
  readonly findings: readonly Finding[]
}

/** Finds what contradicts the invariants. Pure; any text is accepted. */
export function lint(text: string, rules: readonly Rule[] = ALL_RULES): LintResult {
  const facts = gatherFacts(parseDocument(text))
  if (!facts.subject.isMigration) return { facts, findings: [] }
  const findings = rules.flatMap((rule) => rule.check(facts).map((problem) => locate(facts, rule, problem)))
  return { facts, findings: withoutDoubles(findings.toSorted(compare)) }
}

function locate(facts: Facts, rule: Rule, problem: Problem): Finding {
  const { source } = facts.document
  const section = sectionAt(facts.document, problem.from)
  const startLine = lineAt(source, problem.from) + 1
  const endLine = Math.max(startLine, lineAt(source, Math.max(problem.from, problem.to - 1)) + 1)
  return { ...problem, rule: rule.id, startLine, endLine, heading: section.heading }
}

function compare(a: Finding, b: Finding): number {
  return a.from - b.from || a.to - b.to || a.rule.localeCompare(b.rule) || a.message.localeCompare(b.message)
}

/** One rule says one thing about one place once. */
function withoutDoubles(findings: readonly Finding[]): Finding[] {
  const seen = new Set<string>()
  return findings.filter(({ rule, from, to }) => {
    const key = `${rule} ${from} ${to}`
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}
