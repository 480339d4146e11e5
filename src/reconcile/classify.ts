import { ledgerDetail } from './ledger-detail.ts'
import type { MessageRecord } from './message-record.ts'

/**
 * The mismatch rule, message by message and on `message_uuid` alone:
 *
 *   ANY MISMATCH OLDER THAN THE GRACE TIME IS A FAIL.
 *
 * `two_sides_sent` has no grace: it must never be. A mismatch whose youngest row is inside the grace time is
 * `in_flight`; so is, for a longer time, one that stands on the gateway's own work list (told `unresolved`, or
 * its request is still open), because the settler ends those.
 */
export type MismatchKind =
  | 'two_sides_sent'
  | 'missing_in_sms_logs'
  | 'missing_in_go_sms_logs'
  | 'status_differs'
  | 'ending_untold'
  | 'quota_differs'
  | 'not_accounted'
  | 'not_entered'
  | 'ledger_differs'

export interface Finding {
  readonly messageUuid: string
  readonly kind: MismatchKind
  /** Whether it is about the dry-run rows. */
  readonly dryRun: boolean
  /** Inside the grace time: not a mismatch yet. */
  readonly inFlight: boolean
  readonly sms: string
  readonly go: string
  readonly detail: string
}

export interface Grace {
  /** For any row that has just been written. */
  readonly graceMs: number
  /** For messages on the gateway's work list. */
  readonly workListGraceMs: number
}

interface Difference {
  readonly kind: MismatchKind
  readonly dryRun?: boolean
  readonly detail: string
  /** Ages of the rows that disagree. */
  readonly ages: readonly (number | undefined)[]
}

/** What is wrong with a message; nothing for one whose records agree or explain each other. */
export function classify(record: MessageRecord, grace: Grace): Finding[] {
  const twoSides = twoSidesSent(record)
  // Whatever else differs follows from the second send.
  const differences = twoSides
    ? [twoSides]
    : [
        ...verdicts(record),
        ...dryRuns(record),
        ...endings(record),
        ...quota(record),
        ...conservation(record),
        ...ledger(record),
      ]
  return differences.map(({ kind, dryRun = false, detail, ages }) => ({
    messageUuid: record.messageUuid,
    kind,
    dryRun,
    inFlight: kind !== 'two_sides_sent' && isInFlight(record, ages, dryRun, grace),
    ...sidesOf(record, dryRun),
    detail,
  }))
}

function isInFlight(
  { request, unresolved }: MessageRecord,
  ages: readonly (number | undefined)[],
  dryRun: boolean,
  { graceMs, workListGraceMs }: Grace,
): boolean {
  const known = ages.filter((age) => age !== undefined)
  if (known.some((age) => age < graceMs)) return true
  if (dryRun) return false
  if (unresolved && unresolved.ageMs < workListGraceMs) return true
  return request !== null && !request.answered && request.ageMs < workListGraceMs
}

function twoSidesSent({ sms, go, ledger }: MessageRecord): Difference | undefined {
  const byLegacy = sms.legacy?.status === 'sent' || (ledger?.holder === 'legacy' && ledger.status === 'sent')
  const byService =
    go.real?.status === 'sent' ||
    go.real?.status === 'in_doubt' ||
    go.real?.status === 'accepted' ||
    (ledger?.holder === 'go' && ledger.status === 'sent')
  if (!byLegacy || !byService) return undefined
  return {
    kind: 'two_sides_sent',
    detail: 'the legacy side has sent it, and the service has it too',
    ages: [],
  }
}

const wasTaken = (status: string): boolean => status !== 'rejected'

function verdicts({ sms, go }: MessageRecord): Difference[] {
  const ages = [sms.go?.ageMs, go.real?.ageMs, sms.legacy?.ageMs]
  if (go.real && !sms.go) {
    // The service will not send it and the gateway has settled it otherwise: they agree on that.
    const isSettledOtherwise =
      sms.legacy !== null && (go.real.status === 'rejected' || go.real.status === 'handed_back')
    if (isSettledOtherwise) return []
    return [{ kind: 'missing_in_sms_logs', detail: 'the service has it, sms_logs does not', ages }]
  }
  if (sms.go && !go.real) {
    return [
      { kind: 'missing_in_go_sms_logs', detail: 'sms_logs has it from the service, which does not', ages },
    ]
  }
  if (sms.go && go.real && wasTaken(sms.go.status) !== wasTaken(go.real.status)) {
    return [{ kind: 'status_differs', detail: 'one side says taken, the other rejected', ages }]
  }
  return []
}

function dryRuns({ sms, go }: MessageRecord): Difference[] {
  const ages = [sms.dry?.ageMs, go.dry?.ageMs]
  const dryRun = true
  if (go.dry && !sms.dry) {
    return [{ kind: 'missing_in_sms_logs', dryRun, detail: 'the dry run is not in sms_logs', ages }]
  }
  if (sms.dry && !go.dry) {
    return [{ kind: 'missing_in_go_sms_logs', dryRun, detail: 'the dry run is not in go_sms_logs', ages }]
  }
  if (sms.dry && go.dry && wasTaken(sms.dry.status) !== wasTaken(go.dry.status)) {
    return [{ kind: 'status_differs', dryRun, detail: 'the dry run has two verdicts', ages }]
  }
  return []
}

/**
 * A verdict stays `accepted` whatever comes of the message. What was not sent in the end (its validity passed, the
 * recipient opted out, the provider refused) must stand beside it once the grace time has passed, since somebody
 * was told that it will be sent.
 */
function endings(record: MessageRecord): Difference[] {
  const { sms, go, ledger: row } = record
  if (!sms.go || !go.real) return []
  const ended = endingOf(record)
  const told = sms.go.delivery === 'void' || sms.go.delivery === 'refused' ? sms.go.delivery : undefined
  if (told === ended) return []
  const is = ended ?? go.real.delivery ?? go.real.status
  const detail = `accepted, since then ${is}, and sms_logs was told ${sms.go.delivery ?? 'nothing'}`
  return [{ kind: 'ending_untold', detail, ages: [sms.go.ageMs, go.real?.ageMs, row?.ageMs] }]
}

/** How a message ended that the service took and nobody sends; undefined for any other. */
export function endingOf({ sms, go, ledger: row }: MessageRecord): 'void' | 'refused' | undefined {
  if (!go.real) return undefined
  const { status, delivery } = go.real
  if (status === 'void' || status === 'refused') return delivery === null ? status : undefined
  // Handed back, and given up there before anybody sent it.
  return status === 'handed_back' && row?.status === 'void' && !sms.legacy ? 'void' : undefined
}

/** What quota should say of a message: charged, released, or nothing; undefined while it has no outcome. */
export function quotaDue({ sms }: MessageRecord): 'charged' | 'released' | 'none' | undefined {
  const row = sms.go ?? sms.legacy
  if (!row) return undefined
  if (row.mode !== 'ON') return 'none'
  return sms.go && wasTaken(sms.go.status) ? 'charged' : 'released'
}

function quota(record: MessageRecord): Difference[] {
  const { sms, go, quota: settled, request } = record
  const due = quotaDue(record) ?? (request || go.real ? undefined : 'none')
  // Without an outcome in sms_logs nothing is due yet; that the outcome is missing is a finding of its own.
  if (due === undefined) return []
  const is = settled === null ? 'none' : settled.charged ? 'charged' : 'released'
  if (due === is) return []
  const ages = [sms.go?.ageMs, sms.legacy?.ageMs, settled?.ageMs, request?.ageMs]
  return [{ kind: 'quota_differs', detail: `quota should be ${due} and is ${is}`, ages }]
}

function conservation({ request, sms, unresolved }: MessageRecord): Difference[] {
  const hasOutcome = sms.legacy !== null || sms.go !== null
  // Held until its time: that it has no outcome is as it should be.
  if (unresolved && unresolved.ageMs < 0) return []
  if (request && !hasOutcome) {
    const detail = unresolved ? 'entered, and unresolved for too long' : 'entered, and has no outcome'
    return [{ kind: 'not_accounted', detail, ages: [request.ageMs, unresolved?.ageMs] }]
  }
  if (hasOutcome && !request) {
    const ages = [sms.legacy?.ageMs, sms.go?.ageMs]
    return [{ kind: 'not_entered', detail: 'it has an outcome and no request', ages }]
  }
  return []
}

/** Who sends, by `sms_logs` and by the ledger. */
function ledger(record: MessageRecord): Difference[] {
  const { sms, ledger: row, request, go } = record
  const detail = ledgerDetail(record)
  // A hand-back is as young as the service's log says, however old the claim is.
  const handedBackMs = go.real?.status === 'handed_back' ? go.real.ageMs : undefined
  const ages = [sms.legacy?.ageMs, sms.go?.ageMs, row?.ageMs, request?.ageMs, handedBackMs]
  return detail === undefined ? [] : [{ kind: 'ledger_differs', detail, ages }]
}

function sidesOf({ sms, go, ledger: row }: MessageRecord, dryRun: boolean): Pick<Finding, 'sms' | 'go'> {
  if (dryRun) return { sms: sms.dry?.status ?? 'none', go: go.dry?.status ?? 'none' }
  const delivery = sms.go?.delivery ? `, then ${sms.go.delivery}` : ''
  const ours = [sms.go && `go ${sms.go.status}${delivery}`, sms.legacy && `legacy ${sms.legacy.status}`]
  const theirs = [go.real?.status, row && `ledger ${row.holder ?? 'nobody'} ${row.status}`]
  const say = (parts: readonly (string | null | undefined)[]) => parts.filter(Boolean).join(', ') || 'none'
  return { sms: say(ours), go: say(theirs) }
}
