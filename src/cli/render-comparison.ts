import type { Agreement } from '../reconcile/agreement.ts'
import type { Baseline } from '../reconcile/baseline.ts'
import type { Comparison } from '../reconcile/compare-shadow.ts'
import { table } from './table.ts'
import type { Verdict } from './verdicts.ts'

const EXAMPLES_MAX = 50

/** A comparison for a person: what was covered, how far each field agrees, against what, and examples. */
export function renderComparison(
  comparison: Comparison & { readonly verdict: Verdict; readonly reasons: readonly string[] },
): string {
  const { verdict, reasons, eligible, compared, left_out, baseline, disagreements } = comparison
  const leftOut = Object.entries(left_out).filter(([, messages]) => messages > 0)
  return [
    `${verdict}   ${reasons.join('; ')}`,
    `${compared} of ${eligible} eligible messages compared`,
    ...(leftOut.length > 0 ? [table(['left out', 'messages'], leftOut)] : []),
    fieldTable(comparison),
    baselineText(baseline),
    ...differenceTable(comparison),
    ...disagreements
      .slice(0, EXAMPLES_MAX)
      .map(
        ({ messageUuid, field, legacy, service }) =>
          `${messageUuid}: ${field}: legacy ${legacy ?? '-'}, service ${service ?? '-'}`,
      ),
    ...(disagreements.length > EXAMPLES_MAX
      ? [`and ${disagreements.length - EXAMPLES_MAX} more: --json`]
      : []),
  ].join('\n')
}

function fieldTable({ agreement, by_design, fields }: Comparison): string {
  const row = (name: string, one: Agreement, byDesign: number, untold: number | null) => [
    name,
    one.compared,
    one.agreed,
    byDesign,
    one.compared - one.agreed,
    ...intervalOf(one),
    untold,
  ]
  return table(
    ['field', 'compared', 'agree', 'by design', 'differ', 'agreement', '95 % interval', 'not told'],
    [
      row('all', agreement, by_design, null),
      ...Object.entries(fields).map(([name, one]) => row(name, one, one.by_design, one.untold)),
    ],
  )
}

function baselineText(baseline: Baseline): string {
  if (baseline.kind === 'none') return `no baseline: ${baseline.why}`
  const { itself, real, left_out, service_is } = baseline
  const leftOut = Object.entries(left_out).map(([reason, messages]) => `${messages} ${reason}`)
  return [
    table(
      ['the legacy side against', 'compared', 'agree', 'agreement', '95 % interval'],
      [
        ['itself', itself.compared, itself.agreed, ...intervalOf(itself)],
        ['what it really did', real.compared, real.agreed, ...intervalOf(real)],
      ],
    ),
    `against this baseline the service is: ${service_is}`,
    ...(leftOut.length > 0 ? [`rehearsals left out: ${leftOut.join(', ')}`] : []),
  ].join('\n')
}

function differenceTable({ differences }: Comparison): string[] {
  if (differences.length === 0) return []
  return [
    table(
      ['registered', 'field', 'legacy', 'service', 'owner', 'until', 'messages'],
      differences.map((one) => [
        one.difference_id,
        one.field,
        one.legacy_value ?? 'any',
        one.service_value ?? 'any',
        one.owner,
        one.is_in_force ? one.valid_until : `${one.valid_until} (ended: counts as disagreement)`,
        one.messages,
      ]),
    ),
  ]
}

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`

function intervalOf({ compared, rate, low, high }: Agreement): [string | null, string | null] {
  return compared === 0 ? [null, null] : [percent(rate), `${percent(low)} to ${percent(high)}`]
}
