// One seed, one run of the whole system, and the judgement of it.
import { perform, type Stage } from './actions.ts'
import { createCarrier } from './carrier.ts'
import { createChance, shareOf } from './chance.ts'
import { judge, type Told } from './judge.ts'
import { planFor, type Plan } from './plan.ts'
import { startFleet, type Fleet } from './processes.ts'
import { createScheduler, type Owner } from './scheduler.ts'
import { liveIn } from './simulated-time.ts'
import { createServer } from './server.ts'
import { connectDatabase } from './simulated-database.ts'
import type { SourceModules } from './source-modules.ts'
import { later, START_MS, type Line, type World } from './world.ts'

export interface Run {
  readonly seed: number
  readonly violations: readonly string[]
  /** Actions and faults, in order. */
  readonly faults: readonly string[]
  readonly witnesses: Readonly<Record<string, number>>
  readonly events: number
  readonly hash: number
  readonly lines: readonly Line[]
}

export interface RunOptions {
  readonly modules: SourceModules
  readonly seed: number
  /** Of the faults of the whole run only these; undefined: all. */
  readonly kept?: ReadonlySet<string> | undefined
  readonly isTold?: boolean
}

/** After the storm everything must have drained by then. */
const DRAIN_MS = 400_000
const LOOK_EVERY_MS = 100

export async function runSchedule({ modules, seed, kept, isTold = false }: RunOptions): Promise<Run> {
  const plan = planFor(seed)
  const violations: string[] = []
  const witnesses: Record<string, number> = {}
  const lines: Line[] = []
  let ties = 0
  const scheduler = createScheduler(() => shareOf(seed, 'tie', ++ties))
  const isStormy = () => scheduler.nowMs < plan.stormMs
  const chance = createChance({ seed, intensity: plan.intensity, isStormy, kept })
  let fleet: Fleet | undefined
  const world: World = {
    scheduler,
    chance,
    store: modules.createStore(),
    modules,
    processOf: (owner: Owner) => fleet?.all.find((one) => one.owner === owner),
    cut: new Set(),
    count: (witness) => {
      witnesses[witness] = (witnesses[witness] ?? 0) + 1
    },
    tell: (from, to, text) => {
      if (isTold) lines.push({ atMs: scheduler.nowMs, from, to, text })
    },
    violate: (what) => {
      if (!violations.includes(what)) violations.push(what)
    },
  }
  const { current } = onRejected
  onRejected.current = (error) => world.violate(`unhandled rejection: ${String(error)}`)
  liveIn({
    nowMs: () => scheduler.nowMs,
    wallMs: () => START_MS + Math.floor(scheduler.nowMs) + scheduler.current.skewMs,
    setTimer: (run, delayMs) => scheduler.schedule(scheduler.current, delayMs, run),
    random: () => chance.share('random'),
  })
  try {
    prepare(world, plan)
    const server = createServer(world)
    const carrier = createCarrier(world)
    fleet = startFleet(world, server, carrier, plan)
    const told: Told[] = []
    const operator = connectDatabase(server, 'operator - database', true)
    const verb = connectDatabase(server, 'verb - database')
    const stage: Stage = { world, plan, fleet, carrier, told, operator, verb }
    const actions = plan.actions.map((action, index) => ({ action, name: `action#${index} ${action.kind}` }))
    const performed = actions.filter(({ name }) => !kept || kept.has(name))
    for (const { action, name } of performed) later(world, action.atMs, () => perform(stage, action, name))
    await scheduler.run(plan.stormMs + DRAIN_MS, drained(stage))
    judge({ world, carrier, told, isDrained: isDrained(stage), count: (what) => world.count(what) })
    const faults = [...performed.map(({ name }) => name), ...chance.happened]
    return { seed, violations, faults, witnesses, events: scheduler.events, hash: scheduler.hash, lines }
  } finally {
    liveIn(undefined)
    onRejected.current = current
  }
}

/** A rejection that nobody handles would end a real process. */
const onRejected: { current: ((error: unknown) => void) | undefined } = { current: undefined }

export function watchRejections(): void {
  process.on('unhandledRejection', (error) => {
    if (!onRejected.current) throw error
    onRejected.current(error)
  })
}

function prepare({ store: { tables } }: World, plan: Plan): void {
  tables.accounts.put('demo', { tenant: 'demo', quota_limit: plan.quotaLimit, used: 0, reserved: 0 })
  const setting = {
    scope: '*',
    mode: plan.mode,
    ramp_percent: plan.rampPercent,
    reason: 'plan',
    changed_at: 0,
  }
  tables.modes.put('2', { epoch: 2, ...setting })
  tables.journal.length = 0
}

function drained(stage: Stage): () => boolean {
  let lookedMs = 0
  return () => {
    const { nowMs } = stage.world.scheduler
    if (nowMs < lookedMs + LOOK_EVERY_MS) return false
    lookedMs = nowMs
    return isDrained(stage)
  }
}

function isDrained({ world, plan, fleet, carrier }: Stage): boolean {
  const { scheduler, store } = world
  const { tables } = store
  const lastMs = Math.max(plan.stormMs, ...plan.actions.map(({ atMs }) => atMs))
  return (
    scheduler.nowMs > lastMs &&
    fleet.all.every(({ owner, receive }) => owner.stalledUntilMs <= scheduler.nowMs && receive) &&
    fleet.gateways.every(({ gateway }) => gateway?.inProgress.size === 0) &&
    tables.unresolved.size === 0 &&
    tables.requests.all().every((row) => row.answered_at !== null) &&
    tables.authority
      .all()
      .every(
        (row) =>
          row.state !== 'claimed' && row.state !== 'dispatched' && carrier.onTheWay(row.message_uuid) === 0,
      )
  )
}
