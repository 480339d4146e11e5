import type { Facts } from './facts/facts.ts'

export const RULE_IDS = [
  'canonical-step-duplicate',
  'canonical-step-incomplete',
  'uuid-in-loop',
  'get-recipient-by-uuid',
  'off-calls-go',
  'shadow-without-dry-run',
  'shadow-affects-response',
  'shadow-provider-call',
  'dry-run-guard-missing',
  'go-writes-sms-logs',
  'sms-logs-fields-missing',
  'quota-wrong-condition',
  'timeout-missing',
  'timeout-wrong',
  'timeout-ineffective',
  'fallback-too-wide',
  'on-legacy-also-sends',
  'gate-timeout-missing',
  'reconcile-wrong-key',
  'reconcile-queries-missing',
  'mismatch-rule-missing',
  'ambiguous-instruction',
  'invariants-missing',
] as const

export type RuleId = (typeof RULE_IDS)[number]

/** Replaces the characters `from` to `to` (offsets into the normalised text) by `text`; lines end in \n. */
export interface Edit {
  readonly from: number
  readonly to: number
  readonly text: string
}

/**
 * `safe`: the edits may be applied without asking, all or none.
 * `manual`: a person decides; the edits, if any, are only shown, and `advice` says what to do.
 */
export interface Fix {
  readonly safety: 'safe' | 'manual'
  readonly edits: readonly Edit[]
  readonly advice: string
  /** Set when the fix removes a whole step or section: the heading, for Part C. */
  readonly deletes?: string
}

/** What a rule found: a span of the normalised text. */
export interface Problem {
  readonly from: number
  readonly to: number
  readonly message: string
  readonly fix: Fix
}

export interface Finding extends Problem {
  readonly rule: RuleId
  /** 1-based. */
  readonly startLine: number
  readonly endLine: number
  /** The exact text of the innermost heading above; null before the first one. */
  readonly heading: string | null
}

export interface Rule {
  readonly id: RuleId
  /** One line for a list of rules. */
  readonly title: string
  /** The invariant (1-4) that a finding of this rule stands against; null for the structural rules. */
  readonly invariant: 1 | 2 | 3 | 4 | null
  readonly demands: string
  readonly breaks: readonly string[]
  readonly looksOnlySo: readonly string[]
  readonly fixedBy: string
  readonly check: (facts: Facts) => Problem[]
}
