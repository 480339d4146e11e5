export const counted = [
  'failovers',
  'receipts_stored',
  'receipts_repeated',
  'receipts_forged',
  'receipts_unreadable',
  'receipts_orphaned',
  'receipts_contradicting',
  'texts_stop',
  'texts_start',
  'texts_repeated',
  'texts_ignored',
  'reports_sent',
  'reports_failed',
] as const
export type Counted = (typeof counted)[number]

/** What this process has seen since it started. */
export interface Counters {
  count(what: Counted, by: number): void
  readonly values: () => Readonly<Record<Counted, number>>
}

export function createCounters(): Counters {
  const values = Object.fromEntries(counted.map((name) => [name, 0])) as Record<Counted, number>
  return {
    count: (what, by) => {
      values[what] += by
    },
    values: () => ({ ...values }),
  }
}
