// What happens from outside: callers, flips, crashes, partitions, operators.
import type { SendRequest, SendResponse } from '../../src/contract/gateway-api.ts'
import type { Database } from '../../src/db/database.ts'
import type { Carrier } from './carrier.ts'
import type { Told } from './judge.ts'
import { linkOf } from './network.ts'
import type { Action, Plan } from './plan.ts'
import type { Fleet, GatewayProcess } from './processes.ts'
import { loseConnection } from './server.ts'
import { handBack } from './hand-back-action.ts'
import { latencyMs, later, stall, START_MS, type World } from './world.ts'

export interface Stage {
  readonly world: World
  readonly plan: Plan
  readonly fleet: Fleet
  readonly carrier: Carrier
  readonly told: Told[]
  readonly operator: Database
  /** As an operator's command line reaches it: its statements meet faults. */
  readonly verb: Database
}

export function perform(stage: Stage, action: Action, name: string): void {
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
    case 'hand_back':
      return handBack(stage, action, name)
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
  const body: SendRequest = { to: recipients, body: name, ...timesOf(world, action) }
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
    if (!owner.isAlive || !gateway.gateway) {
      isOver = true
      timer.cancel()
      return void later(world, 300, () => come(tries))
    }
    if (tries === 0 && key !== null && chance.fault(name, { comes_twice: 3 })) {
      later(world, chance.share(name) * 700, () => come(TRIES_MAX))
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

function timesOf({ scheduler }: World, { sendInMs, validForMs }: Extract<Action, { kind: 'request' }>) {
  const instant = (inMs: number) => new Date(START_MS + Math.floor(scheduler.nowMs) + inMs).toISOString()
  return {
    ...(sendInMs === undefined ? {} : { send_at: instant(sendInMs) }),
    ...(validForMs === undefined ? {} : { valid_until: instant((sendInMs ?? 0) + validForMs) }),
  }
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
