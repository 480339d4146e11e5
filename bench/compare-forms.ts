import type { Bench } from './benchmark.ts'
import type { LoadOrder } from './load-order.ts'
import { measure, type Measured } from './measure.ts'
import type { System } from './system.ts'
import { throughputTables } from './throughput-tables.ts'

export interface Form {
  readonly label: string
  readonly system: System
  readonly order: Omit<LoadOrder, 'timeMaxMs' | 'requestsMax'>
  readonly against: string | null
  /** Whether to wait after each round until everything is sent; else the next round drops it. */
  readonly untilSent: boolean
}

const WARM_UP_MS = 1_500
const REQUESTS_MAX = 1_000_000

/** Measures the forms in turn, round by round (A B C A B C), after a warm-up of each, and prints the table. */
export async function compareForms(bench: Bench, forms: readonly Form[]): Promise<void> {
  const { extent, progress, print } = bench
  const stage = await bench.stage()
  const results = new Map(forms.map(({ label }) => [label, [] as Measured[]]))
  for (const { label, system, order, untilSent } of forms) {
    progress(`warm-up: ${label}`)
    await measure(stage, system, { ...order, timeMaxMs: WARM_UP_MS, requestsMax: REQUESTS_MAX }, untilSent)
  }
  for (let round = 1; round <= extent.rounds; round++) {
    for (const { label, system, order, untilSent } of forms) {
      const bounds = { timeMaxMs: extent.loadMs, requestsMax: REQUESTS_MAX }
      const measured = await measure(stage, system, { ...order, ...bounds }, untilSent)
      results.get(label)?.push(measured)
      progress(`round ${round} of ${extent.rounds}: ${label}: ${Math.round(measured.rate)} msg/s`)
    }
  }
  print(
    throughputTables(
      forms.map(({ label, against }) => ({ label, against, rounds: results.get(label) ?? [] })),
    ),
  )
}
