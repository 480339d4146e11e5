import type { Treatment } from '../core/treatment.ts'
import type { Database, Runner } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import type { Agreement } from './agreement.ts'
import { createBaselineTally, type Baseline, type RehearsedAnswer } from './baseline.ts'
import { GRACE_MS } from './reconcile.ts'
import { reasonToLeaveOut, type Coverable, type LeftOut } from './shadow-coverage.ts'
import { readDifferences, type RegisteredDifference } from './shadow-differences.ts'
import type { ShadowField, SideOfMessage } from './shadow-fields.ts'
import { createShadowTally, type Disagreement, type FieldAgreement } from './shadow-tally.ts'
import { bucketStartMs, BUCKETS_END, rangeOf, type Buckets } from './uuid-range.ts'

export interface Comparison {
  readonly eligible: number
  /** `eligible` less all of `left_out`. */
  readonly compared: number
  /** Of those that are old enough for their dry run to have been answered. */
  readonly coverage: number
  readonly left_out: Readonly<Record<LeftOut, number>>
  /** Messages that agree in every field that both sides tell. */
  readonly agreement: Agreement
  readonly agreed: number
  readonly disagreed: number
  /** Of those that agree: only because a difference is registered. */
  readonly by_design: number
  readonly fields: Readonly<Record<ShadowField, FieldAgreement>>
  readonly differences: readonly (RegisteredDifference & { readonly messages: number })[]
  readonly baseline: Baseline
  readonly window: { readonly from: string; readonly to: string | null }
  /** The first of them only. */
  readonly disagreements: readonly Disagreement[]
}

interface ShadowedRow extends Coverable {
  message_uuid: string
  recipient: string
  sender: string | null
  service_would: Treatment | null
  legacy_did: (Treatment & { readonly can_rehearse?: boolean }) | null
  is_rehearsal: boolean
  rehearsal_left_out: string | null
  first_answer: RehearsedAnswer | null
  second_answer: RehearsedAnswer | null
}

interface DryRunRow {
  message_uuid: string
  status: 'accepted' | 'rejected'
  recipient: string
  sender: string | null
}

const shadowed = statement<ShadowedRow>(import.meta.url, './sql/shadowed.sql')
const dryRuns = statement<DryRunRow>(import.meta.url, './sql/dry-runs.sql')

const PAGE = 5_000

export interface CompareOptions {
  readonly legacy: Database
  readonly messaging: Runner
  readonly window: Buckets
  readonly graceMs?: number
}

/**
 * Compares what the legacy side did with each shadowed message with what the service would have done, field by
 * field. Failures count as well: a message both refuse is agreement, if for the same reason. What cannot be
 * compared is counted with its reason.
 */
export async function compareShadow(options: CompareOptions): Promise<Comparison> {
  const { legacy, messaging, window, graceMs = GRACE_MS } = options
  const tally = createShadowTally(await readDifferences(legacy))
  const baseline = createBaselineTally()
  const { from, to } = rangeOf(window)
  for (let after = from; ;) {
    const rows = await legacy.run(shadowed, [after, to, PAGE])
    const uuids = rows.map((row) => row.message_uuid)
    const dry = new Map((await messaging.run(dryRuns, [uuids])).map((row) => [row.message_uuid, row]))
    // The last of a full page comes again as the first of the next.
    const isFull = rows.length === PAGE
    for (const row of isFull ? rows.slice(0, -1) : rows) {
      const dryRun = dry.get(row.message_uuid)
      const reason = reasonToLeaveOut(row, dryRun !== undefined, graceMs)
      if (reason !== undefined || !dryRun) tally.leaveOut(reason ?? 'dry_run_not_found')
      else tally.compare(row.message_uuid, legacySide(row), serviceSide(row, dryRun))
      const real = row.legacy_status === 'in_doubt' ? undefined : legacySide(row)
      baseline.add(real, rehearsalOf(row), row.legacy_did?.can_rehearse)
    }
    const last = rows.at(-1)
    if (!isFull || !last) break
    after = last.message_uuid
  }
  const { meant, ...counted } = tally.result()
  const compared = counted.agreed + counted.disagreed
  const ripe = counted.eligible - counted.left_out.too_young
  return {
    ...counted,
    compared,
    by_design: meant,
    coverage: ripe === 0 ? NaN : compared / ripe,
    baseline: baseline.result(counted.agreement),
    window: {
      from: new Date(bucketStartMs(window.from)).toISOString(),
      to: window.to === BUCKETS_END ? null : new Date(bucketStartMs(window.to)).toISOString(),
    },
  }
}

function legacySide({ legacy_status, legacy_did, recipient, sender }: ShadowedRow): SideOfMessage {
  return {
    verdict: legacy_status === 'sent' ? 'send' : 'refuse',
    number: legacy_did?.to ?? recipient,
    sender,
    treatment: legacy_did ?? {},
  }
}

function serviceSide({ service_would: would }: ShadowedRow, dryRun: DryRunRow): SideOfMessage {
  return {
    verdict: dryRun.status === 'accepted' ? 'send' : 'refuse',
    number: would?.to ?? dryRun.recipient,
    sender: dryRun.sender,
    treatment: would ?? {},
  }
}

function rehearsalOf(row: ShadowedRow) {
  if (!row.is_rehearsal) return undefined
  return { leftOut: row.rehearsal_left_out, first: row.first_answer, second: row.second_answer }
}
