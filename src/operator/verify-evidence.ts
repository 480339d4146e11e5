import type { Runner } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import { GENESIS, hashOf, type EvidenceRow, type Head } from './evidence.ts'

export interface Verification {
  readonly verdict: 'PASS' | 'FAIL' | 'HOLD'
  readonly records: number
  readonly head: Head | null
  /** What was done to the chain, first damage first; at most {@link PROBLEMS_MAX}. */
  readonly problems: readonly string[]
}

const page = statement<EvidenceRow>(import.meta.url, './sql/evidence-page.sql')
const heads = statement<Head>(import.meta.url, './sql/evidence-heads.sql')

const PAGE = 1_000
const PROBLEMS_MAX = 100

/**
 * Walks the whole chain in constant memory. Within it, an edit, a deletion and another order show by themselves;
 * a cut tail and a chain that was computed anew show against the anchors: those beside the ledger, and the
 * `kept` head that somebody has written down elsewhere.
 */
export async function verifyEvidence(
  legacy: Runner,
  messaging: Runner,
  kept: readonly Head[] = [],
): Promise<Verification> {
  const problems: string[] = []
  const report = (problem: string): void => {
    if (problems.length < PROBLEMS_MAX) problems.push(problem)
  }
  const anchors = anchorReader(messaging, kept)
  let head: Head | null = null
  let records = 0
  for (;;) {
    const rows: EvidenceRow[] = await legacy.run(page, [head?.seq ?? 0, PAGE])
    for (const row of rows) {
      for (const problem of problemsOf(row, head)) report(problem)
      const anchored = await anchors.hashesAt(row.seq)
      if (anchored.some((hash) => hash !== row.hash))
        report(`record ${row.seq}: is not the one that was anchored`)
      head = { seq: row.seq, hash: row.hash }
      records++
    }
    if (rows.length < PAGE) break
  }
  const beyond = await anchors.last()
  if (beyond > (head?.seq ?? 0)) report(`records ${(head?.seq ?? 0) + 1} to ${beyond}: were cut off the end`)
  return { verdict: problems.length > 0 ? 'FAIL' : records === 0 ? 'HOLD' : 'PASS', records, head, problems }
}

function problemsOf(row: EvidenceRow, before: Head | null): string[] {
  const expected = (before?.seq ?? 0) + 1
  const found: string[] = []
  if (row.seq !== expected) found.push(`records ${expected} to ${row.seq - 1}: are missing`)
  else if (row.previous_hash !== (before?.hash ?? GENESIS))
    found.push(`record ${row.seq}: does not follow the one before it`)
  if (hashOf(row) !== row.hash) found.push(`record ${row.seq}: was edited`)
  return found
}

/** Reads the anchors beside the walk, a page at a time. */
function anchorReader(messaging: Runner, kept: readonly Head[]) {
  let buffer: Head[] = []
  let readTo = 0
  let isAtEnd = false

  async function fillTo(seq: number): Promise<void> {
    while (!isAtEnd && readTo < seq) {
      const rows = await messaging.run(heads, [readTo, PAGE])
      buffer.push(...rows)
      readTo = rows.at(-1)?.seq ?? readTo
      isAtEnd = rows.length < PAGE
    }
  }

  return {
    async hashesAt(seq: number): Promise<string[]> {
      await fillTo(seq)
      buffer = buffer.filter((anchor) => anchor.seq >= seq)
      return [...buffer, ...kept].filter((anchor) => anchor.seq === seq).map(({ hash }) => hash)
    },
    /** Number of the last record that was ever anchored. */
    async last(): Promise<number> {
      await fillTo(Infinity)
      return Math.max(readTo, ...kept.map(({ seq }) => seq))
    },
  }
}
