import type { Chance } from './chance.ts'
import type { SourceModules } from './source-modules.ts'
import { nobody, type Owner, type Scheduled, type Scheduler } from './scheduler.ts'
import type { Store } from './store/store.ts'

/** One process of a run; it dies and is started again under the same name. */
export interface SimulatedProcess {
  readonly name: string
  /** Whose code runs now; another one after each start. */
  owner: Owner
  readonly crash: (step: string) => void
}

export interface Line {
  readonly atMs: number
  readonly from: string
  readonly to: string
  readonly text: string
}

/** What all parts of a run share. */
export interface World {
  readonly scheduler: Scheduler
  readonly chance: Chance
  readonly store: Store
  readonly modules: SourceModules
  /** The process whose code is running, if it is one's. */
  processOf(owner: Owner): SimulatedProcess | undefined
  /** Links that are cut now: nothing passes, and nobody is told. */
  readonly cut: Set<string>
  readonly count: (witness: string) => void
  /** For whoever reads the run. */
  readonly tell: (from: string, to: string, text: string) => void
  /** A promise broken while the run goes on. */
  readonly violate: (what: string) => void
}

/** What every clock that is right shows at the beginning of a run. */
export const START_MS = 1_900_000_000_000

/** Time for a message or an answer on its way. */
export function latencyMs({ chance }: World, point: string): number {
  const share = chance.share(point)
  return share < 0.85 ? 0.2 + share * 3 : (share - 0.85) * 600
}

/** In the world's own name: networks, the database server and the carrier do not die. */
export function later(world: World, delayMs: number, run: () => void): Scheduled {
  return world.scheduler.schedule(nobody, delayMs, run)
}

/** The process is stopped (SIGSTOP, a paused machine), and goes on after it with all that came meanwhile. */
export function stall(world: World, owner: Owner, forMs: number): void {
  owner.stalledUntilMs = Math.max(owner.stalledUntilMs, world.scheduler.nowMs + forMs)
  world.count('stalls')
  world.tell(owner.name, owner.name, `stops for ${Math.round(forMs)} ms`)
}
