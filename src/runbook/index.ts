export { harden, type HardenResult } from './harden.ts'
export { lint, type LintResult } from './lint.ts'
export { ALL_RULES } from './rules/all-rules.ts'
export { RULE_IDS, type Finding, type Rule } from './finding.ts'
