import type { Finding } from '../finding.ts'
import { ALL_RULES } from '../rules/all-rules.ts'

/** SARIF 2.1.0, for code scanning. */
export function renderSarif(file: string, findings: readonly Finding[]): string {
  const rules = ALL_RULES.map(({ id, title, demands, fixedBy }) => ({
    id,
    shortDescription: { text: title },
    fullDescription: { text: demands },
    help: { text: fixedBy },
  }))
  const results = findings.map(({ rule, message, startLine, endLine, fix }) => ({
    ruleId: rule,
    level: 'error',
    message: { text: `${message}. ${fix.advice}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: file === '-' ? 'stdin' : file },
          region: { startLine, endLine },
        },
      },
    ],
  }))
  const run = { tool: { driver: { name: 'baton', rules } }, results }
  return (
    JSON.stringify(
      { $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [run] },
      null,
      2,
    ) + '\n'
  )
}
