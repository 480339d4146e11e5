export { harden, type Applied, type HardenResult } from './harden.ts'
export { lint, type LintResult } from './lint.ts'
export { ALL_RULES } from './rules/all-rules.ts'
export { RULE_IDS, type Edit, type Finding, type Fix, type Rule, type RuleId } from './finding.ts'
