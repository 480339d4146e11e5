// Bugs that the ledger's walls forbid, planted into the run's own database with the walls taken down: a run that does
// not find them proves nothing about the walls that stand.
import type { Nemesis } from '../nemesis.ts'
import { pause } from '../seeded.ts'

export const plantedBugs = {
  /** In doubt is taken for "not sent". */
  resend: `update messaging.execution_authority set state = 'claimed', not_before = now()
    where state = 'in_doubt' and holder = 'go'`,
  /** A dispatch that takes long is taken over, as by a lease that runs out. */
  steal: `update messaging.execution_authority set state = 'claimed', not_before = now()
    where state = 'dispatched' and holder = 'go' and dispatched_at < now() - interval '500 milliseconds'`,
} as const

export type PlantedBug = keyof typeof plantedBugs

const WALLS = `
  drop trigger guard_authority on messaging.execution_authority;
  drop trigger guard_replayed on messaging.execution_authority`

export function planted(bug: PlantedBug): Nemesis {
  return {
    name: `planted: ${bug}`,
    async run({ fleet, tally }, signal) {
      await fleet.ask(WALLS)
      while (!signal.aborted) {
        await pause(700, signal)
        // The database may be in another fault just now.
        if (
          await fleet.ask(plantedBugs[bug]).then(
            () => true,
            () => false,
          )
        )
          tally.count(`planted ${bug}`)
      }
    },
  }
}
