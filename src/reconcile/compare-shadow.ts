import type { Database, Runner } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import { GRACE_MS } from './reconcile.ts'
import { bucketStartMs, BUCKETS_END, rangeOf, type Buckets } from './uuid-range.ts'
import { wilson } from './wilson.ts'

/** What both sides decide about a message and record. */
export const shadowFields = ['verdict', 'number', 'sender'] as const
export type ShadowField = (typeof shadowFields)[number]

export type LeftOut = 'in_flight' | 'in_doubt' | 'no_dry_run' | 'verdict_not_logged'

export interface Disagreement {
  readonly messageUuid: string
  readonly field: ShadowField
  /** Null for what would name a person. */
  readonly legacy: string | null
  readonly service: string | null
}

export interface Comparison {
  readonly eligible: number
  readonly compared: number
  /** Rates are shares from 0 to 1; `agreement_low` and `_high` are the 95 % interval. */
  readonly counts: Readonly<Record<string, number>>
  readonly window: { readonly from: string; readonly to: string | null }
  /** The first {@link DISAGREEMENTS_MAX}. */
  readonly disagreements: readonly Disagreement[]
}

interface ShadowedRow {
  message_uuid: string
  legacy_status: 'sent' | 'failed' | 'in_doubt'
  recipient: string
  sender: string | null
  dry_status: 'accepted' | 'duplicate' | 'rejected' | null
  age_ms: number
}

interface DryRunRow {
  message_uuid: string
  status: 'accepted' | 'rejected'
  recipient: string
  sender: string | null
}

/** A difference that is meant to be. Null: any value. */
export interface Registered {
  readonly field: ShadowField
  readonly legacy_value: string | null
  readonly service_value: string | null
}

const shadowed = statement<ShadowedRow>(import.meta.url, './sql/shadowed.sql')
const dryRuns = statement<DryRunRow>(import.meta.url, './sql/dry-runs.sql')
const registered = statement<Registered>(import.meta.url, './sql/shadow-differences.sql')
const register = statement<{ difference_id: number }>(import.meta.url, './sql/register-difference.sql')

const PAGE = 5_000
export const DISAGREEMENTS_MAX = 1_000

export interface CompareOptions {
  readonly legacy: Database
  readonly messaging: Runner
  readonly window: Buckets
  readonly graceMs?: number
}

/**
 * Compares what the legacy side did with each shadowed message with what the service would have done. Failures
 * count as well: a message both refuse is agreement. What cannot be compared is counted with its reason.
 */
export async function compareShadow(options: CompareOptions): Promise<Comparison> {
  const { legacy, messaging, window, graceMs = GRACE_MS } = options
  const byDesign = await legacy.run(registered)
  const tally = createTally(byDesign)
  const { from, to } = rangeOf(window)
  for (let after = from; ;) {
    const rows = await legacy.run(shadowed, [after, to, PAGE])
    const uuids = rows.map((row) => row.message_uuid)
    const dry = new Map((await messaging.run(dryRuns, [uuids])).map((row) => [row.message_uuid, row]))
    // The last of a full page comes again as the first of the next.
    const isFull = rows.length === PAGE
    for (const row of isFull ? rows.slice(0, -1) : rows) tally.add(row, dry.get(row.message_uuid), graceMs)
    const last = rows.at(-1)
    if (!isFull || !last) break
    after = last.message_uuid
  }
  return tally.result(window)
}

function createTally(byDesign: readonly Registered[]) {
  const differs: Record<ShadowField, number> = { verdict: 0, number: 0, sender: 0 }
  const leftOut: Record<LeftOut, number> = { in_flight: 0, in_doubt: 0, no_dry_run: 0, verdict_not_logged: 0 }
  const disagreements: Disagreement[] = []
  let eligible = 0
  let agreed = 0
  let disagreed = 0
  let meant = 0

  return {
    add(row: ShadowedRow, dry: DryRunRow | undefined, graceMs: number): void {
      const reason = reasonToLeaveOut(row, dry, graceMs)
      // A message of this moment is not eligible yet; it will be.
      if (reason !== 'in_flight') eligible++
      if (reason !== undefined || !dry) {
        leftOut[reason ?? 'no_dry_run']++
        return
      }
      const all = disagreementsOf(row, dry)
      const unmeant = all.filter((one) => !byDesign.some((entry) => covers(entry, one)))
      if (unmeant.length === 0) {
        agreed++
        if (all.length > 0) meant++
        return
      }
      disagreed++
      for (const one of unmeant) {
        differs[one.field]++
        if (disagreements.length < DISAGREEMENTS_MAX) disagreements.push(one)
      }
    },
    result(window: Buckets): Comparison {
      const compared = agreed + disagreed
      const { low, high } = wilson(agreed, compared)
      const named = (prefix: string, counts: Readonly<Record<string, number>>) =>
        Object.fromEntries(Object.entries(counts).map(([name, value]) => [`${prefix}_${name}`, value]))
      return {
        eligible,
        compared,
        counts: {
          coverage: eligible === 0 ? NaN : compared / eligible,
          agreement: compared === 0 ? NaN : agreed / compared,
          agreement_low: low,
          agreement_high: high,
          agreed,
          disagreed,
          by_design: meant,
          ...named('differs', differs),
          ...named('left_out', leftOut),
        },
        window: {
          from: new Date(bucketStartMs(window.from)).toISOString(),
          to: window.to === BUCKETS_END ? null : new Date(bucketStartMs(window.to)).toISOString(),
        },
        disagreements,
      }
    },
  }
}

function reasonToLeaveOut(
  { legacy_status, dry_status, age_ms }: ShadowedRow,
  dry: DryRunRow | undefined,
  graceMs: number,
): LeftOut | undefined {
  if (age_ms < graceMs && (!dry || !dry_status)) return 'in_flight'
  if (legacy_status === 'in_doubt') return 'in_doubt'
  if (!dry) return 'no_dry_run'
  return dry_status ? undefined : 'verdict_not_logged'
}

function disagreementsOf(row: ShadowedRow, dry: DryRunRow): Disagreement[] {
  const { message_uuid: messageUuid } = row
  const found: Disagreement[] = []
  const compare = (field: ShadowField, legacy: string | null, service: string | null): void => {
    if (legacy !== service) found.push({ messageUuid, field, legacy, service })
  }
  compare(
    'verdict',
    row.legacy_status === 'sent' ? 'send' : 'refuse',
    dry.status === 'accepted' ? 'send' : 'refuse',
  )
  if (row.recipient !== dry.recipient)
    found.push({ messageUuid, field: 'number', legacy: null, service: null })
  // A rejected dry run keeps no sender.
  if (dry.status === 'accepted') compare('sender', row.sender, dry.sender)
  return found
}

function covers(entry: Registered, { field, legacy, service }: Disagreement): boolean {
  const fits = (wanted: string | null, value: string | null) => wanted === null || wanted === value
  return entry.field === field && fits(entry.legacy_value, legacy) && fits(entry.service_value, service)
}

export interface NewDifference extends Registered {
  readonly why: string
  readonly owner: string
  /** ISO 8601; must be ahead. */
  readonly until: string
  readonly actor: string
}

/** Registers a difference that is meant to be; it counts as agreement until its end. Returns its number. */
export async function registerDifference(legacy: Runner, difference: NewDifference): Promise<number> {
  const { field, legacy_value, service_value, why, owner, until, actor } = difference
  const [row] = await legacy.run(register, [field, legacy_value, service_value, why, owner, until, actor])
  if (!row) throw new Error('shadow difference: it was not recorded')
  return row.difference_id
}
