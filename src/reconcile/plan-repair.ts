import { quotaDue, type Finding } from './classify.ts'
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
  | { readonly action: 'settle_quota'; readonly charged: boolean }
  | { readonly action: 'none'; readonly why: string }

const none = (why: string): Repair => ({ action: 'none', why })

export function planRepair({ kind, dryRun }: Finding, record: MessageRecord): Repair {
  const theirs = dryRun ? record.go.dry : record.go.real
  const status = theirs?.status === 'rejected' ? 'rejected' : 'accepted'
  switch (kind) {
    case 'missing_in_sms_logs':
      if (!record.request) return none('no request has entered it: a person must look')
      if (!dryRun && record.sms.legacy)
        return none('the gateway has another outcome for it: a person must look')
      return { action: dryRun ? 'write_dry_verdict' : 'write_verdict', status }
    case 'status_differs':
      return { action: dryRun ? 'correct_dry_verdict' : 'correct_verdict', status }
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

function planQuota(record: MessageRecord): Repair {
  const due = quotaDue(record)
  if (due !== 'charged' && due !== 'released')
    return none('quota moved where it must not: a person must look')
  return { action: 'settle_quota', charged: due === 'charged' }
}
