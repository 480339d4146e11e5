import type { Stage } from './stage.ts'

/** How long and how often a benchmark measures. */
export interface Extent {
  readonly rounds: number
  /** Length of one measurement. */
  readonly loadMs: number
}

/** What a benchmark is given. */
export interface Bench {
  readonly extent: Extent
  /** The private cluster, the carrier sandbox and the load generator: started on first use, stopped after this benchmark. */
  readonly stage: () => Promise<Stage>
  readonly progress: (text: string) => void
  readonly print: (text: string) => void
}

export interface Benchmark {
  /** One line for the list of benchmarks. */
  readonly about: string
  readonly run: (bench: Bench) => Promise<void>
}
