import type { ChaosFleet } from './chaos-fleet.ts'
import type { Seeded } from './seeded.ts'
import type { Tally } from './tally.ts'

export interface Stage {
  readonly fleet: ChaosFleet
  readonly seeded: Seeded
  readonly tally: Tally
  /** Faults of the database server that must not meet each other take turns. */
  readonly inTurn: <Result>(work: () => Promise<Result>) => Promise<Result>
  readonly requestsInFlight: () => number
}

/** One kind of fault, again and again until the signal fires; it leaves everything as it was. */
export interface Nemesis {
  readonly name: string
  /** Why it cannot be done on this machine, or null. */
  readonly impossible?: () => Promise<string | null>
  run(stage: Stage, signal: AbortSignal): Promise<void>
}

/** One after the other, whoever asks. */
export function takeTurns(): Stage['inTurn'] {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const mine = last.then(work)
    last = mine.catch(() => {})
    return mine
  }
}
