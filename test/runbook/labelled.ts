// Holds the tool against a folder of labelled runbooks, in the way the labels are meant: see docs/runbook-lint.md.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { diffLines } from 'diff'
import { harden, lint, type Finding } from '../../src/runbook/index.ts'

interface Label {
  readonly id: string
  readonly startLine: number
  readonly endLine: number
  readonly heading: string | null
}

interface Labels {
  readonly file: string
  readonly defects: readonly Label[]
  readonly mustStay: readonly (readonly [number, number])[]
}

export interface Score {
  readonly file: string
  readonly defects: number
  readonly missed: string[]
  readonly wrong: string[]
  readonly fixed: number
  readonly changedThatHadToStay: number[]
  readonly isIdempotent: boolean
  readonly isTouched: boolean
}

const SLACK_LINES = 3
const TWINS = new Set(['dry-run-guard-missing', 'shadow-provider-call'])
const isSameRule = (a: string, b: string): boolean => a === b || (TWINS.has(a) && TWINS.has(b))

function isNear(finding: Finding, label: Label): boolean {
  return finding.startLine <= label.endLine + SLACK_LINES && finding.endLine >= label.startLine - SLACK_LINES
}

function matches(finding: Finding, label: Label): boolean {
  return (
    isSameRule(finding.rule, label.id) &&
    (isNear(finding, label) || (label.heading !== null && finding.heading === label.heading))
  )
}

export function labelledFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.labels.json'))
    .sort()
}

export function score(folder: string, labelsFile: string): Score {
  const labels = JSON.parse(readFileSync(join(folder, labelsFile), 'utf8')) as Labels
  const text = readFileSync(join(folder, labelsFile.replace('.labels.json', '.md')), 'utf8')
  const { findings } = lint(text)
  const result = harden(text)
  const left = result.remaining
  const fixed = labels.defects.filter(
    (label) =>
      findings.some((finding) => matches(finding, label)) &&
      !left.some(
        (finding) =>
          isSameRule(finding.rule, label.id) && (label.heading === null || finding.heading === label.heading),
      ),
  )
  return {
    file: labelsFile,
    defects: labels.defects.length,
    missed: labels.defects
      .filter((label) => !findings.some((finding) => matches(finding, label)))
      .map((label) => `${label.id} at ${label.startLine}`),
    wrong: findings
      .filter((finding) => !labels.defects.some((label) => matches(finding, label)))
      .map((finding) => `${finding.rule} at ${finding.startLine}`),
    fixed: fixed.length,
    changedThatHadToStay: changedLines(text, result.after).filter((line) =>
      labels.mustStay.some(([from, to]) => line >= from && line <= to),
    ),
    isIdempotent: harden(result.after).after === result.after,
    isTouched: result.after !== text,
  }
}

/** 1-based numbers of the lines of `before` that did not come through. */
function changedLines(before: string, after: string): number[] {
  const changed: number[] = []
  let line = 1
  for (const { added, removed, value, count } of diffLines(before, after)) {
    if (added) continue
    if (removed)
      value
        .split('\n')
        .slice(0, count)
        .forEach((text, index) => text.trim() !== '' && changed.push(line + index))
    line += count
  }
  return changed
}
