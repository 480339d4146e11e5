import type { Comparison } from '../reconcile/compare-shadow.ts'
import type { Found } from './measurements.ts'

/** A comparison of SHADOW as something a gate can ask about; fields are flattened into the names of counts. */
export function ofComparison(comparison: Comparison): Found {
  const { compared, eligible, coverage, agreement, agreed, disagreed, by_design, window } = comparison
  const named = (prefix: string, counts: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(counts).map(([name, value]) => [`${prefix}_${name}`, value]))
  const fields = Object.entries(comparison.fields).flatMap(([field, one]) => [
    [`differs_${field}`, one.compared - one.agreed],
    [`agreement_${field}`, one.rate],
    [`agreement_low_${field}`, one.low],
    [`untold_${field}`, one.untold],
  ])
  return {
    asked: 'shadowed messages, legacy side against dry run',
    sample: compared,
    counts: {
      eligible,
      coverage,
      agreement: agreement.rate,
      agreement_low: agreement.low,
      agreement_high: agreement.high,
      agreed,
      disagreed,
      by_design,
      ...Object.fromEntries(fields),
      ...named('left_out', comparison.left_out),
      ...baselineCounts(comparison),
    },
    window,
  }
}

function baselineCounts({ baseline }: Comparison): Record<string, number> {
  if (baseline.kind === 'none') return { rehearsed: 0 }
  return {
    rehearsed: baseline.itself.compared,
    baseline_itself: baseline.itself.rate,
    baseline_real: baseline.real.rate,
    baseline_real_low: baseline.real.low,
  }
}
