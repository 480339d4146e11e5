import { endingOf, quotaDue, type Finding } from './classify.ts'
import type { MessageRecord } from './message-record.ts'

/**
 * What the gateway may do about a mismatch: only to its own tables, only from the service's record. A repair
 * never sends, and never touches `go_sms_logs` or the ledger.
 */
export type Repair =
  | { readonly action: 'write_verdict'; readonly status: 'accepted' | 'rejected' }
  | { readonly action: 'write_dry_verdict'; readonly status: 'accepted' | 'rejected' }
  | { readonly action: 'correct_verdict'; readonly status: 'accepted' | 'rejected' }
  | { readonly action: 'correct_dry_verdict'; readonly status: 'accepted' | 'rejected' }
  | { readonly action: 'write_ending'; readonly status: 'void' | 'refused' }
  | { readonly action: 'settle_quota'; readonly charged: boolean }
  | { readonly action: 'none'; readonly why: string }

const none = (why: string): Repair => ({ action: 'none', why })

export function planRepair(finding: Finding, record: MessageRecord): Repair {
  switch (finding.kind) {
    case 'missing_in_sms_logs':
      return planMissing(finding, record)
    case 'status_differs': {
      const status = statusOf(finding, record)
      return { action: finding.dryRun ? 'correct_dry_verdict' : 'correct_verdict', status }
    }
    case 'ending_untold': {
      const status = endingOf(record)
      return status
        ? { action: 'write_ending', status }
        : none('the service has no such ending: its next report says what became of it')
    }
    case 'quota_differs':
      return planQuota(record)
    case 'missing_in_go_sms_logs':
      return none('go_sms_logs is the service’s: the gateway never writes it')
    case 'two_sides_sent':
      return none('nothing takes a send back: a person must look at once')
    case 'not_accounted':
    case 'not_entered':
    case 'ledger_differs':
      return none('the settler or a person decides by the ledger')
  }
}

function statusOf({ dryRun }: Finding, { go }: MessageRecord): 'accepted' | 'rejected' {
  return (dryRun ? go.dry : go.real)?.status === 'rejected' ? 'rejected' : 'accepted'
}

function planMissing(finding: Finding, record: MessageRecord): Repair {
  const status = statusOf(finding, record)
  if (!record.request) return none('no request has entered it: a person must look')
  if (finding.dryRun) return { action: 'write_dry_verdict', status }
  if (record.sms.legacy) return none('the gateway has another outcome for it: a person must look')
  return { action: 'write_verdict', status }
}

function planQuota(record: MessageRecord): Repair {
  const due = quotaDue(record)
  if (due !== 'charged' && due !== 'released')
    return none('quota moved where it must not: a person must look')
  return { action: 'settle_quota', charged: due === 'charged' }
}
