/** What was done and seen: how often each fault struck, and what could not be done here. */
export interface Tally {
  count(fault: string, by?: number): void
  of(fault: string): number
  skip(fault: string, reason: string): void
  readonly faults: Readonly<Record<string, number>>
  readonly skipped: Readonly<Record<string, string>>
}

export function createTally(): Tally {
  const faults: Record<string, number> = {}
  const skipped: Record<string, string> = {}
  return {
    count: (fault, by = 1) => (faults[fault] = (faults[fault] ?? 0) + by),
    of: (fault) => faults[fault] ?? 0,
    skip: (fault, reason) => (skipped[fault] = reason),
    faults,
    skipped,
  }
}
