// One seed, one run of the whole system, and the judgement of it.
import type { SendRequest, SendResponse } from '../../src/contract/gateway-api.ts'
import { createCarrier, type Carrier } from './carrier.ts'
import { createChance, shareOf } from './chance.ts'
import { judge, type Told } from './judge.ts'
import { linkOf } from './network.ts'
import { planFor, type Action, type Plan } from './plan.ts'
import { startFleet, type Fleet, type GatewayProcess } from './processes.ts'
import { createScheduler, type Owner } from './scheduler.ts'
import { liveIn } from './simulated-time.ts'
import { connectDatabase, createServer, loseConnection } from './simulated-database.ts'
import type { SourceModules } from './source-modules.ts'
import { latencyMs, later, stall, type Line, type World } from './world.ts'

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

const START_MS = 1_900_000_000_000
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
    const stage: Stage = { world, plan, fleet, carrier, told, operator }
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

interface Stage {
  readonly world: World
  readonly plan: Plan
  readonly fleet: Fleet
  readonly carrier: Carrier
  readonly told: Told[]
  readonly operator: ReturnType<typeof connectDatabase>
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

function perform(stage: Stage, action: Action, name: string): void {
  const { world, fleet } = stage
  if (action.kind !== 'request') world.tell('world', 'world', `${name} ${JSON.stringify(action)}`)
  switch (action.kind) {
    case 'request':
      return request(stage, action, name)
    case 'flip':
      return flip(stage, action)
    case 'crash':
      return fleet.all[action.process]?.crash('at any time')
    case 'stall': {
      const { owner } = fleet.all[action.process] ?? {}
      return owner && stall(world, owner, action.forMs)
    }
    case 'cut':
      return cutOff(stage, action)
    case 'forget': {
      const { owner } = fleet.gateways[action.gateway] ?? {}
      world.count('zombies')
      return owner && void world.scheduler.schedule(owner, 0, () => loseConnection(owner))
    }
    case 'decide': {
      for (let n = 0; n < action.times; n++) {
        later(
          world,
          n * action.everyMs,
          () => void decide(stage).catch(() => world.count('decisions_refused')),
        )
      }
      return undefined
    }
  }
}

const TRIES_MAX = 4
const ANSWER_MS = 6_000

function request(
  { world, fleet, told }: Stage,
  action: Extract<Action, { kind: 'request' }>,
  name: string,
): void {
  const { scheduler, chance } = world
  const recipients = Array.from({ length: action.recipients }, (_, n) => `+1201555010${n}`)
  const body: SendRequest = { to: recipients, body: name }
  const key = action.isKeyed ? name.replaceAll(/\W/g, '-') : null

  function come(tries: number): void {
    const gateway = fleet.gateways[(action.gateway + tries) % fleet.gateways.length] as GatewayProcess
    const { owner } = gateway
    const again = () => {
      if (isOver) return
      isOver = true
      const isWorthwhile = key !== null && tries < TRIES_MAX
      if (isWorthwhile) later(world, 200 + chance.share(name) * 1_500, () => come(tries + 1))
    }
    let isOver = false
    const timer = later(world, ANSWER_MS, again)
    world.tell(
      'caller',
      gateway.name,
      `POST /v1/sms ${recipients.length} messages${key ? ` key ${key}` : ''}`,
    )
    if (chance.fault(name, { comes_twice: 3 }) && key !== null)
      later(world, chance.share(name) * 700, () => come(TRIES_MAX))
    if (!owner.isAlive || !gateway.gateway) {
      isOver = true
      timer.cancel()
      return void later(world, 300, () => come(tries))
    }
    scheduler.schedule(owner, latencyMs(world, name), () => {
      void gateway.submit(body, key).then(({ status, text }) => {
        world.tell(gateway.name, 'caller', `${status} ${text}`)
        const isLost = chance.fault(name, { answer_lost: 1 }) !== undefined
        later(world, latencyMs(world, name), () => {
          if (isLost) return
          if (status !== 202 && status !== 422) {
            told.push({ name, status, code: text, messages: [], isLast: key === null })
            timer.cancel()
            return again()
          }
          isOver = true
          timer.cancel()
          const messages = status === 202 ? (JSON.parse(text) as SendResponse).messages : []
          told.push({ name, status, code: '', messages, isLast: true })
        })
      })
    })
  }
  come(0)
}

function flip(
  { world, fleet, operator }: Stage,
  { mode, rampPercent }: Extract<Action, { kind: 'flip' }>,
): void {
  const isInFlight = fleet.gateways.some(({ gateway }) => (gateway?.inProgress.size ?? 0) > 0)
  if (isInFlight) world.count('flips_in_flight')
  const change = { mode, ramp_percent: rampPercent, reason: 'plan' }
  void world.modules.changeMode(operator, change, 'operator').catch(() => world.count('flips_refused'))
}

function cutOff({ world, fleet }: Stage, { process, peer, forMs }: Extract<Action, { kind: 'cut' }>): void {
  const { name = '' } = fleet.all[process] ?? {}
  const isGateway = fleet.gateways.some((one) => one.name === name)
  const others = (isGateway ? fleet.services : fleet.gateways).map((one) => one.name)
  const links = (peer === 'database' ? ['database'] : others).map((other) => linkOf(name, other))
  world.count('partitions')
  for (const link of links) world.cut.add(link)
  later(world, forMs, () => links.forEach((link) => world.cut.delete(link)))
}

/** An operator who looks at the carrier's own log and waits for what may still be on its way. */
async function decide({ world, carrier, operator }: Stage): Promise<void> {
  const { modules, store, chance } = world
  const nowhere = { exchange: () => Promise.reject(new Error('not asked')), close: async () => {} }
  const inDoubt = modules.createInDoubt(operator, operator, nowhere)
  for (const { message_uuid, holder, state } of store.tables.authority.all()) {
    if (state !== 'in_doubt' || carrier.onTheWay(message_uuid) > 0) continue
    const one = carrier.sent.find((sent) => sent.messageUuid === message_uuid)
    world.count('decisions')
    world.tell('operator', 'database', `decides ${message_uuid} was ${one ? '' : 'not '}sent`)
    const reason = 'the carrier was asked'
    if (holder === 'legacy') {
      const outcome = one ? 'sent' : 'not_sent'
      await inDoubt.resolve(message_uuid, { outcome, reason }, 'operator').catch(ignoreProblem(world))
      continue
    }
    const sendsAgain = chance.share('operator') < 0.6
    const to = one ? 'sent' : sendsAgain ? 'claimed' : 'refused'
    const decision = { to, providerMessageId: one?.id ?? null, reason, actor: 'operator' } as const
    await modules.resolveInDoubt(operator, 'go', message_uuid, decision)
  }
}

const ignoreProblem = (world: World) => (error: unknown) => {
  if (!(error instanceof world.modules.HttpProblem)) throw error
}
