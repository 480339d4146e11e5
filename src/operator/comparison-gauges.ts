import type { Gauge } from 'prom-client'
import type { Runner } from '../db/database.ts'
import { latestEvidence } from './evidence.ts'
import type { Measurement } from './judge-gate.ts'

/** The last comparison of SHADOW that was kept as evidence, and its age. */
export interface LastComparison {
  readonly counts: Readonly<Record<string, number | null>>
  readonly ageMs: number
}

export async function readLastComparison(legacy: Runner): Promise<LastComparison | undefined> {
  const row = await latestEvidence(legacy, 'measurement', 'shadow')
  if (!row) return undefined
  const { counts } = JSON.parse(row.payload) as Measurement
  return { counts, ageMs: row.age_ms }
}

type MakeGauge = (name: string, help: string, labelNames?: string[]) => Gauge

const FIELD = 'agreement_low_'
const LEFT_OUT = 'left_out_'

/** What was not measured is absent. */
export function comparisonGauges(gauge: MakeGauge): (last: LastComparison | undefined) => void {
  const coverage = gauge('shadow_coverage', 'Share of the shadowed messages that could be compared.', [
    'check',
  ])
  const agreement = gauge('shadow_agreement_low', 'Lower end of the 95 % interval of agreement, by field.', [
    'field',
  ])
  const leftOut = gauge('shadow_left_out_messages', 'Shadowed messages that were not compared.', ['reason'])
  const baseline = gauge('shadow_baseline', 'How far the legacy side agrees, by what it is held against.', [
    'against',
  ])
  const age = gauge('shadow_comparison_age_seconds', 'Age of the comparison these figures are of.', ['check'])
  const all = [coverage, agreement, leftOut, baseline, age]
  return (last) => {
    for (const one of all) one.reset()
    if (!last) return
    const show = (one: Gauge, labels: Record<string, string>, value: number | null | undefined) => {
      if (value !== null && value !== undefined) one.set(labels, value)
    }
    const { counts } = last
    show(coverage, { check: 'shadow' }, counts['coverage'])
    show(agreement, { field: 'all' }, counts['agreement_low'])
    for (const [name, value] of Object.entries(counts)) {
      if (name.startsWith(FIELD)) show(agreement, { field: name.slice(FIELD.length) }, value)
      if (name.startsWith(LEFT_OUT)) show(leftOut, { reason: name.slice(LEFT_OUT.length) }, value)
    }
    show(baseline, { against: 'itself' }, counts['baseline_itself'])
    show(baseline, { against: 'real' }, counts['baseline_real'])
    age.set({ check: 'shadow' }, last.ageMs / 1_000)
  }
}
