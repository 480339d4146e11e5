import Table from 'cli-table3'
import { processes, type Measured } from './measure.ts'
import { median } from './statistics.ts'

/** Rounds of one form, in the order they were run; round n of all forms was run side by side. */
export interface FormRounds {
  readonly label: string
  readonly rounds: readonly Measured[]
  /** The form it is compared with. */
  readonly against: string | null
}

const whole = (value: number): string =>
  Number.isFinite(value) ? Math.round(value).toLocaleString('en') : '-'
const tenths = (value: number): string => (Number.isFinite(value) ? value.toFixed(1) : '-')

/** Medians over the rounds; a ratio is the median of the rounds' own ratios. */
export function throughputTable(forms: readonly FormRounds[]): string {
  const table = new Table({
    head: [
      'form',
      'msg/s',
      'x naive',
      'p50 ms',
      'p99 ms',
      'CPU us/msg: gateway',
      'service',
      'carrier',
      'postgres',
      'load gen',
      'CPU us/msg until sent',
      'sent/s meanwhile',
      'sent/s after',
      'not accepted',
    ],
    style: { head: [], border: [], compact: true },
    wordWrap: true,
    colWidths: [26, 9, 8, 8, 8, 11, 9, 9, 10, 8, 10, 11, 9, 10],
    colAligns: ['left', ...Array.from({ length: 13 }, () => 'right' as const)],
  })
  for (const { label, rounds, against } of forms) {
    const of = (value: (measured: Measured) => number): number => median(rounds.map(value))
    const other = forms.find((form) => form.label === against)
    const ratio = other
      ? median(rounds.map(({ rate }, index) => rate / (other.rounds[index]?.rate ?? Number.NaN)))
      : Number.NaN
    table.push([
      label,
      whole(of(({ rate }) => rate)),
      tenths(ratio),
      tenths(of(({ p50Ms }) => p50Ms)),
      tenths(of(({ p99Ms }) => p99Ms)),
      ...processes.map((name) => whole(of(({ cpu }) => cpu[name]))),
      whole(of(({ cpuUntilSent }) => cpuUntilSent)),
      whole(of(({ dispatchRate }) => dispatchRate)),
      whole(of(({ drainRate }) => drainRate)),
      whole(rounds.reduce((sum, { others }) => sum + others, 0)),
    ])
  }
  return table.toString()
}
