import { check } from './parameters.ts'
import { smsLogKey, type SmsLog, type Tables } from './tables.ts'

const verdicts = {
  go: ['accepted', 'duplicate', 'rejected'],
  legacy: ['sent', 'failed', 'in_doubt'],
} as const satisfies Record<SmsLog['source'], readonly string[]>

/** The first row of a message, source and kind of run stands. */
export function logAnswer(tables: Tables, row: SmsLog): void {
  const key = smsLogKey(row.message_uuid, row.source, row.dry_run)
  const allowed: readonly string[] = verdicts[row.source]
  const constraint = row.source === 'go' ? 'go_gives_verdicts' : 'legacy_sends_or_fails'
  check(!row.dry_run || (row.source === 'go' && row.mode === 'SHADOW'), 'only_the_service_runs_dry')
  check(allowed.includes(row.status), constraint)
  check(row.fallback === null || row.source === 'legacy', 'a_fallback_is_legacys')
  if (!tables.smsLogs.get(key)) tables.smsLogs.put(key, row)
}
