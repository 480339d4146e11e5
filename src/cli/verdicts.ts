export type Verdict = 'PASS' | 'FAIL' | 'HOLD'

/** What a script can act on; 2 is an error. */
export const verdictCodes: Readonly<Record<Verdict, number>> = { PASS: 0, FAIL: 1, HOLD: 3 }

/** One wrong thing fails all; else one without an answer holds all. */
export function worstOf(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('FAIL')) return 'FAIL'
  return verdicts.length === 0 || verdicts.includes('HOLD') ? 'HOLD' : 'PASS'
}
