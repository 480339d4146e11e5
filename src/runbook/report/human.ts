import pc from 'picocolors'
import type { LintResult } from '../lint.ts'

/** Findings for a person at a terminal. */
export function renderHuman(file: string, { facts, findings }: LintResult): string {
  if (!facts.subject.isMigration) {
    const signs = facts.subject.signs.length > 0 ? facts.subject.signs.join(', ') : 'none'
    return `${file}: 0 findings. Not a runbook of this migration (signs of it: ${signs}), so nothing was examined.\n`
  }
  if (findings.length === 0) return `${file}: 0 findings\n`
  const lines = findings.map(({ rule, startLine, endLine, heading, message, fix }) => {
    const place = startLine === endLine ? `${startLine}` : `${startLine}-${endLine}`
    const mark = fix.safety === 'safe' ? pc.green('[safe fix]') : pc.yellow('[decide]')
    return `${pc.bold(`${file}:${place}`)}  ${pc.red(rule)} ${mark}\n  under "${heading ?? ''}"\n  ${message}\n  ${pc.dim(fix.advice)}`
  })
  const safe = findings.filter(({ fix }) => fix.safety === 'safe').length
  return `${lines.join('\n\n')}\n\n${findings.length} findings, ${safe} with a safe fix\n`
}
