import type { Finding } from '../finding.ts'

/** Workflow commands that GitHub shows as annotations. */
export function renderGithub(file: string, findings: readonly Finding[]): string {
  return findings
    .map(
      ({ rule, message, startLine, endLine, fix }) =>
        `::error file=${property(file)},line=${startLine},endLine=${endLine},title=${property(rule)}::${data(`${message}. ${fix.advice}`)}\n`,
    )
    .join('')
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
