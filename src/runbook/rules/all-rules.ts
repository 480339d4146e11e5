import type { Rule } from '../finding.ts'
import { ambiguousInstruction } from './ambiguous-instruction.ts'
import { canonicalStepDuplicate } from './canonical-step-duplicate.ts'
import { canonicalStepIncomplete } from './canonical-step-incomplete.ts'
import { dryRunGuardMissing } from './dry-run-guard-missing.ts'
import { fallbackTooWide } from './fallback-too-wide.ts'
import { gateTimeoutMissing } from './gate-timeout-missing.ts'
import { getRecipientByUuid } from './get-recipient-by-uuid.ts'
import { goWritesSmsLogs } from './go-writes-sms-logs.ts'
import { invariantsMissing } from './invariants-missing.ts'
import { mismatchRuleMissing } from './mismatch-rule-missing.ts'
import { offCallsGo } from './off-calls-go.ts'
import { onLegacyAlsoSends } from './on-legacy-also-sends.ts'
import { quotaWrongCondition } from './quota-wrong-condition.ts'
import { reconcileQueriesMissing } from './reconcile-queries-missing.ts'
import { reconcileWrongKey } from './reconcile-wrong-key.ts'
import { shadowAffectsResponse } from './shadow-affects-response.ts'
import { shadowProviderCall } from './shadow-provider-call.ts'
import { shadowWithoutDryRun } from './shadow-without-dry-run.ts'
import { smsLogsFieldsMissing } from './sms-logs-fields-missing.ts'
import { timeoutIneffective } from './timeout-ineffective.ts'
import { timeoutMissing } from './timeout-missing.ts'
import { timeoutWrong } from './timeout-wrong.ts'
import { uuidInLoop } from './uuid-in-loop.ts'

export const ALL_RULES: readonly Rule[] = [
  canonicalStepDuplicate,
  canonicalStepIncomplete,
  uuidInLoop,
  getRecipientByUuid,
  offCallsGo,
  shadowWithoutDryRun,
  shadowAffectsResponse,
  shadowProviderCall,
  dryRunGuardMissing,
  goWritesSmsLogs,
  smsLogsFieldsMissing,
  quotaWrongCondition,
  timeoutMissing,
  timeoutWrong,
  timeoutIneffective,
  fallbackTooWide,
  onLegacyAlsoSends,
  gateTimeoutMissing,
  reconcileWrongKey,
  reconcileQueriesMissing,
  mismatchRuleMissing,
  ambiguousInstruction,
  invariantsMissing,
]
