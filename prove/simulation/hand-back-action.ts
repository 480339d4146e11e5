// An operator's `baton hand-back`, a process of its own: it may be killed, held up, and lose its answers.
import type { Stage } from './actions.ts'
import type { Action } from './plan.ts'
import type { Owner } from './scheduler.ts'
import { later, type World } from './world.ts'

const AGAIN_MS = 700

export function handBack(
  { world, operator, verb }: Stage,
  { isAfterOff }: Extract<Action, { kind: 'hand_back' }>,
  name: string,
): void {
  const { modules, scheduler } = world
  const run = async (tries: number): Promise<void> => {
    if (isAfterOff && tries === 1) {
      const change = { mode: 'OFF', reason: 'hand back' } as const
      await modules.changeMode(operator, change, 'operator')
    }
    await modules.handBackMessages({ ...unbounded, legacy: operator, messaging: verb })
  }
  const start = (tries: number) => {
    const owner: Owner = { name: `${name} ${tries}`, isAlive: true, stalledUntilMs: 0, skewMs: 0 }
    scheduler.schedule(owner, 0, () => void run(tries).catch(() => world.count('hand_backs_refused')))
  }
  start(1)
  later(world, AGAIN_MS, () => start(2))
}

const unbounded = { tenant: null, limit: null, execute: true, reason: 'hand back' } as const

/** Messages that went from the service to the legacy side. */
export function handedBack({ store: { tables } }: World): ReadonlySet<string> {
  const steps = tables.steps.filter(({ from, to }) => from?.holder === 'go' && to.holder === 'legacy')
  return new Set(steps.map(({ to }) => to.message_uuid))
}
