import { createHash } from 'node:crypto'
import type { Database, Runner } from '../db/database.ts'
import { statement } from '../db/statement.ts'

/** `measurement`: what was found when something was asked. `verdict`: what a gate made of it. */
export type EvidenceKind = 'measurement' | 'verdict'

export interface NewEvidence {
  readonly kind: EvidenceKind
  /** Name of what was measured, or of the gate. */
  readonly subject: string
  readonly payload: Readonly<Record<string, unknown>>
}

export interface Head {
  readonly seq: number
  readonly hash: string
}

interface Hashed {
  readonly seq: number
  readonly kind: string
  readonly subject: string
  readonly recorded_at: string
  readonly payload: string
  readonly previous_hash: string
}

export interface EvidenceRow extends Hashed {
  readonly hash: string
}

export interface LatestEvidence {
  readonly seq: number
  readonly payload: string
  /** By the database's clock. */
  readonly age_ms: number
}

const lock = statement<never>(import.meta.url, './sql/evidence-lock.sql')
const last = statement<{ seq: number | null; hash: string | null; recorded_at: string }>(
  import.meta.url,
  './sql/evidence-last.sql',
)
const append = statement<never>(import.meta.url, './sql/evidence-append.sql')
const anchor = statement<never>(import.meta.url, './sql/evidence-anchor.sql')
const latest = statement<LatestEvidence>(import.meta.url, './sql/evidence-latest.sql')

/** What the first record follows. */
export const GENESIS = '0'.repeat(64)

/** Each field with its length, so that no two records read the same. */
export function hashOf({ seq, kind, subject, recorded_at, payload, previous_hash }: Hashed): string {
  const hash = createHash('sha256')
  for (const field of [previous_hash, String(seq), kind, subject, recorded_at, payload]) {
    hash.update(`${Buffer.byteLength(field)}:`).update(field)
  }
  return hash.digest('hex')
}

/**
 * Appends a record to the chain, and its hash to the anchors that stand outside the gateway's schema. Returns the
 * new head, to be kept outside the databases as well. An anchor that fails is left out: a later one covers it.
 */
export async function appendEvidence(
  legacy: Database,
  messaging: Runner,
  { kind, subject, payload }: NewEvidence,
): Promise<Head> {
  const head = await legacy.transaction(async (runner) => {
    await runner.run(lock)
    const [before] = await runner.run(last)
    if (!before) throw new Error('evidence: the chain cannot be read')
    const row: Hashed = {
      seq: (before.seq ?? 0) + 1,
      kind,
      subject,
      recorded_at: before.recorded_at,
      payload: JSON.stringify(payload),
      previous_hash: before.hash ?? GENESIS,
    }
    const hash = hashOf(row)
    const { seq, recorded_at, previous_hash } = row
    await runner.run(append, [seq, kind, subject, recorded_at, row.payload, previous_hash, hash])
    return { seq, hash }
  })
  await messaging.run(anchor, [head.seq, head.hash]).catch(() => {})
  return head
}

export async function latestEvidence(
  legacy: Runner,
  kind: EvidenceKind,
  subject: string,
): Promise<LatestEvidence | undefined> {
  const [row] = await legacy.run(latest, [kind, subject])
  return row
}
