import type { Condition, Gate } from './gates.ts'

/** What was found when something was asked; kept as evidence. */
export interface Measurement {
  readonly asked: string
  /** How many things were looked at. */
  readonly sample: number
  readonly counts: Readonly<Record<string, number>>
  readonly window: { readonly from: string | null; readonly to: string | null }
  /** Number of the mode change in force. */
  readonly epoch: number
  readonly code_version: string
}

/** HOLD: there is no answer to trust. It opens no gate, as FAIL does not. */
export interface Verdict {
  readonly verdict: 'PASS' | 'FAIL' | 'HOLD'
  readonly reasons: readonly string[]
}

/**
 * Judges a measurement of this age. Too old or too little is HOLD, never PASS. What must be exactly so fails by
 * one counter-example, however small the sample; a rate needs its sample first.
 */
export function judgeGate(
  gate: Gate,
  found: { readonly measurement: Measurement; readonly ageMs: number } | undefined,
): Verdict {
  if (!found) return { verdict: 'HOLD', reasons: [`${gate.asks}: was never measured`] }
  const { measurement, ageMs } = found
  if (ageMs > gate.freshMs) {
    const reason = `${gate.asks}: was measured ${ageMs} ms ago: may be ${gate.freshMs} ms old at most`
    return { verdict: 'HOLD', reasons: [reason] }
  }
  const isEnough = measurement.sample >= gate.sampleMin
  const judged = gate.passes.map((condition) => ({ condition, value: measurement.counts[condition.count] }))
  const failed = judged.filter(
    ({ condition, value }) =>
      isKnown(value) && isBroken(condition, value) && (isEnough || condition.is === '='),
  )
  if (failed.length > 0) return { verdict: 'FAIL', reasons: failed.map(describe) }
  const unknown = judged.filter(({ value }) => !isKnown(value))
  const hold = unknown.map(({ condition }) => `${condition.count}: is not known`)
  if (!isEnough) hold.push(`${gate.asks}: looked at ${measurement.sample}: needs ${gate.sampleMin}`)
  return hold.length > 0
    ? { verdict: 'HOLD', reasons: hold }
    : { verdict: 'PASS', reasons: judged.map(describe) }
}

const isKnown = (value: number | null | undefined): value is number => Number.isFinite(value)

function isBroken({ is, value: bound }: Condition, value: number): boolean {
  switch (is) {
    case '=':
      return value !== bound
    case '<=':
      return value > bound
    case '>=':
      return value < bound
  }
}

const describe = ({ condition, value }: { condition: Condition; value: number | undefined }): string =>
  `${condition.count} = ${value}: must be ${condition.is} ${condition.value}`
