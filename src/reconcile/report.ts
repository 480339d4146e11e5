import type { Finding, Grace, MismatchKind } from './classify.ts'
import type { PairName } from './pairs.ts'
import { bucketStartMs, BUCKETS_END, type Buckets } from './uuid-range.ts'

export const FINDINGS_MAX = 10_000

export interface PairReport {
  left_messages: number
  right_messages: number
  /** Messages that were not looked at again, because nothing was written since an earlier run. */
  remembered_messages: number
}

/** What a run found, in the words of SQL and HTTP. */
export interface Report {
  readonly run_id: string
  readonly verdict: 'PASS' | 'FAIL'
  readonly rule: string
  readonly window: { readonly from: string; readonly to: string | null }
  readonly grace_ms: number
  readonly pairs: Readonly<Partial<Record<PairName, PairReport>>>
  /** Messages a kind, all of them older than the grace time. */
  readonly mismatches: Readonly<Partial<Record<MismatchKind, number>>>
  readonly in_flight: number
  readonly findings: readonly Finding[]
  readonly findings_left_out: number
  readonly elapsed_ms: number
}

/** Counts a run as it goes. */
export interface Tally {
  begin(pair: PairName): void
  count(pair: PairName, left: number, right: number, isRemembered: boolean): void
  add(finding: Finding): Promise<void>
  readonly soFar: { readonly messages: number; readonly findings: number }
  report(): Report
}

export interface TallyOptions {
  readonly runId: string
  readonly window: Buckets
  readonly grace: Grace
  readonly onFinding: ((finding: Finding) => void | Promise<void>) | undefined
}

/** Memory is bounded: findings past the first {@link FINDINGS_MAX} are counted and not kept. */
export function createTally({ runId, window, grace, onFinding }: TallyOptions): Tally {
  const beganMs = performance.now()
  const pairs: Partial<Record<PairName, PairReport>> = {}
  const mismatches: Partial<Record<MismatchKind, number>> = {}
  const findings: Finding[] = []
  // What shows in two comparisons is one finding.
  const seen = new Set<string>()
  let inFlight = 0
  let leftOut = 0

  return {
    begin(pair) {
      pairs[pair] = { left_messages: 0, right_messages: 0, remembered_messages: 0 }
    },
    count(pair, left, right, isRemembered) {
      const counted = pairs[pair]
      if (!counted) return
      counted.left_messages += left
      counted.right_messages += right
      if (isRemembered) counted.remembered_messages += left + right
    },
    async add(finding) {
      if (finding.kind === 'two_sides_sent' || finding.kind === 'ending_untold') {
        const key = `${finding.kind} ${finding.messageUuid}`
        if (seen.has(key)) return
        seen.add(key)
      }
      if (finding.inFlight) inFlight++
      else mismatches[finding.kind] = (mismatches[finding.kind] ?? 0) + 1
      if (findings.length < FINDINGS_MAX) findings.push(finding)
      else leftOut++
      await onFinding?.(finding)
    },
    get soFar() {
      const messages = Object.values(pairs).reduce((sum, { left_messages }) => sum + left_messages, 0)
      return { messages, findings: findings.length + leftOut }
    },
    report() {
      const found = Object.values(mismatches).reduce((sum, messages) => sum + messages, 0)
      return {
        run_id: runId,
        verdict: found === 0 ? 'PASS' : 'FAIL',
        rule: `any mismatch older than ${grace.graceMs} ms is a FAIL; a message sent by two sides at once`,
        window: {
          from: new Date(bucketStartMs(window.from)).toISOString(),
          to: window.to === BUCKETS_END ? null : new Date(bucketStartMs(window.to)).toISOString(),
        },
        grace_ms: grace.graceMs,
        pairs,
        mismatches,
        in_flight: inFlight,
        findings,
        findings_left_out: leftOut,
        elapsed_ms: Math.round(performance.now() - beganMs),
      }
    },
  }
}
