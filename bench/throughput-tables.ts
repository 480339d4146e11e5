import Table from 'cli-table3'
import { processes, type Measured, type Process } from './measure.ts'
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

/** Rates and latencies, then where the CPU time went. Medians over the rounds; a ratio is that of the rounds' ratios. */
export function throughputTables(forms: readonly FormRounds[]): string {
  return `${rateTable(forms)}\n\n${cpuTable(forms)}`
}

function rateTable(forms: readonly FormRounds[]): string {
  const columns = ['msg/s', 'x naive', 'p50 ms', 'p99 ms', 'sent/s meanwhile', 'sent/s after', 'not accepted']
  const table = newTable(['form', ...columns])
  for (const { label, rounds, against } of forms) {
    const of = (value: (measured: Measured) => number): number => median(rounds.map(value))
    const other = forms.find((form) => form.label === against)
    const ratios = rounds.map(({ rate }, index) => rate / (other?.rounds[index]?.rate ?? Number.NaN))
    table.push([
      label,
      whole(of(({ rate }) => rate)),
      tenths(median(ratios)),
      tenths(of(({ p50Ms }) => p50Ms)),
      tenths(of(({ p99Ms }) => p99Ms)),
      whole(of(({ dispatchRate }) => dispatchRate)),
      whole(of(({ drainRate }) => drainRate)),
      whole(rounds.reduce((sum, { others }) => sum + others, 0)),
    ])
  }
  return table.toString()
}

function cpuTable(forms: readonly FormRounds[]): string {
  const table = newTable(['CPU microseconds a message', ...processes, 'all but load'])
  for (const { label, rounds } of forms) {
    const row = (name: string, of: (measured: Measured) => Readonly<Record<Process, number>>): void => {
      const medians = processes.map((process) => median(rounds.map((measured) => of(measured)[process])))
      const served = processes.reduce(
        (sum, process, index) => sum + (process === 'load' ? 0 : (medians[index] ?? 0)),
        0,
      )
      table.push([name, ...medians.map(whole), whole(served)])
    }
    row(`${label}: while loaded`, ({ cpu }) => cpu)
    if (rounds.some(({ drainRate }) => Number.isFinite(drainRate)))
      row(`${label}: until sent`, ({ cpuUntilSent }) => cpuUntilSent)
  }
  return table.toString()
}

function newTable(head: readonly string[]): Table.Table {
  return new Table({
    head: [...head],
    style: { head: [], border: [], compact: true },
    colAligns: ['left', ...head.slice(1).map(() => 'right' as const)],
  })
}
