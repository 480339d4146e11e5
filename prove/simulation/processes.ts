// The programs, put together as their mains do it, over simulated ports.
import { pino } from 'pino'
import type { AssembledGateway } from '../../src/gateway/assemble.ts'
import type { SendRequest } from '../../src/contract/gateway-api.ts'
import type { ServiceRequest } from '../../src/contract/service-api.ts'
import type { StatusReport } from '../../src/contract/status-report.ts'
import type { Call } from '../../src/http/exchange.ts'
import type { AssembledService } from '../../src/service/assemble.ts'
import type { Carrier } from './carrier.ts'
import { connectPeer, linkOf, type Answer, type Receiver } from './network.ts'
import type { Plan } from './plan.ts'
import type { Owner } from './scheduler.ts'
import { loseConnection, type Server } from './server.ts'
import { connectDatabase } from './simulated-database.ts'
import { later, type World } from './world.ts'

export interface GatewayProcess extends Receiver {
  readonly gateway: AssembledGateway | undefined
  /** One API call, as the gateway's server hands it on. */
  submit(body: SendRequest, key: string | null): Promise<Answer>
}

export interface Fleet {
  readonly gateways: readonly GatewayProcess[]
  readonly services: readonly Receiver[]
  readonly all: readonly Receiver[]
}

/** In the proportions of the defaults, so that a run is short. */
const times = {
  entryDeadlineMs: 2_000,
  ledgerDeadlineMs: 1_000,
  breakerProbeIntervalMs: 800,
  inDoubtAfterMs: 4_000,
  wantedMs: 4_000,
  keyedGraceMs: 5_000,
  scheduleDaysMax: 1,
  keywords: { stop: [], start: [] },
} as const

const SERVICE_TIMEOUT_MS = 500
const log = pino({ level: 'silent' })

export function startFleet(world: World, server: Server, carrier: Carrier, plan: Plan): Fleet {
  const gateways: GatewayProcess[] = []
  const services: Receiver[] = []
  for (let n = 1; n <= plan.services; n++) {
    const skewMs = plan.skewMs[plan.gateways + n - 1] ?? 0
    services.push(createService(world, server, carrier, plan, `service-${n}`, skewMs, gateways))
  }
  for (let n = 1; n <= plan.gateways; n++) {
    gateways.push(
      createGateway(world, server, carrier, plan, `gateway-${n}`, plan.skewMs[n - 1] ?? 0, services),
    )
  }
  return { gateways, services, all: [...gateways, ...services] }
}

/** A process that is started again after a crash. `start` runs as the new process. */
function createProcess(
  world: World,
  server: Server,
  name: string,
  skewMs: number,
  start: () => Promise<void>,
  stop: () => void,
): { readonly name: string; owner: Owner; readonly crash: (step: string) => void } {
  const self = { name, owner: fresh(), crash }
  function fresh(): Owner {
    return { name, isAlive: true, stalledUntilMs: 0, skewMs }
  }
  function begin(): void {
    world.scheduler.schedule(self.owner, 0, () => {
      // A start that fails ends the program; whoever supervises it starts it again.
      start().catch(() => crash('start'))
    })
  }
  function crash(step: string): void {
    const dead = self.owner
    if (!dead.isAlive) return
    world.count(`crash ${step}`)
    world.tell(name, name, `crash: ${step}`)
    dead.isAlive = false
    stop()
    const goneMs = world.chance.share(`${name} crash`) * 400
    later(world, goneMs / 2, () => {
      server.disconnect(dead)
      loseConnection(dead)
    })
    later(world, goneMs + world.chance.share(`${name} restart`) * 1_500, () => {
      self.owner = fresh()
      begin()
    })
  }
  begin()
  return self
}

function createGateway(
  world: World,
  server: Server,
  carrier: Carrier,
  plan: Plan,
  name: string,
  skewMs: number,
  services: readonly Receiver[],
): GatewayProcess {
  const database = connectDatabase(server, linkOf(name, 'database'))
  const { modules } = world
  let gateway: AssembledGateway | undefined
  const openService = () => {
    const peer = connectPeer(world, name, services)
    return {
      exchange(call: Call) {
        holdToBreaker(call)
        return peer.exchange(call)
      },
      close: () => peer.close(),
    }
  }

  /** I8, and that real messages pass only while the breaker is closed. */
  function holdToBreaker({ path, body, timeoutMs }: Call): void {
    if (path !== '/v1/messages' || !body?.startsWith('{"dry_run":false')) return
    if (timeoutMs > SERVICE_TIMEOUT_MS) world.violate(`I8: a call may take ${timeoutMs} ms`)
    if (gateway && gateway.sending.breaker.state !== 'closed') {
      world.violate(`breaker: a real message is sent while it is ${gateway.sending.breaker.state}`)
    }
  }

  async function start(): Promise<void> {
    const ports = {
      legacyDatabase: database,
      ledgerDatabase: database,
      driver: carrier.legacyDriver(),
      openService,
      log,
    }
    gateway = await modules.assembleGateway({ ...times, breakerFailuresMax: plan.breakerFailuresMax }, ports)
    gateway.startSettler()
  }

  const self = createProcess(world, server, name, skewMs, start, () => {
    gateway = undefined
  })
  return {
    name,
    get owner() {
      return self.owner
    },
    crash: self.crash,
    get gateway() {
      return gateway
    },
    get receive() {
      return gateway && receiveReports
    },
    async submit(body, key) {
      if (!gateway) return { status: 0, text: 'nobody listens' }
      try {
        return { status: 202, text: (await gateway.handle('demo', body, key)).json }
      } catch (error) {
        if (error instanceof modules.HttpProblem)
          return { status: error.problem.status, text: error.problem.code }
        return { status: 500, text: String(error) }
      }
    },
  }

  async function receiveReports({ body = '{}' }: Call): Promise<Answer> {
    try {
      const { reports } = JSON.parse(body) as { reports: StatusReport[] }
      return {
        status: 200,
        text: JSON.stringify({ unknown: await modules.recordReports(database, reports) }),
      }
    } catch (error) {
      return { status: 500, text: String(error) }
    }
  }
}

function createService(
  world: World,
  server: Server,
  carrier: Carrier,
  plan: Plan,
  name: string,
  skewMs: number,
  gateways: readonly Receiver[],
): Receiver {
  const database = connectDatabase(server, linkOf(name, 'database'))
  let service: AssembledService | undefined

  async function start(): Promise<void> {
    const list = plan.providers.map((kind, index) => {
      const provider = carrier.provider(`provider-${index + 1}`, kind)
      return { provider, rule: { name: provider.name }, inFlightMax: 4 }
    })
    service = await world.modules.assembleService(
      { ...times, acceptDeadlineMs: plan.acceptDeadlineMs },
      {
        database,
        openProviders: () => ({ list, senderPaces: {} }),
        gateway: connectPeer(world, name, gateways),
        log,
      },
    )
  }

  const self = createProcess(world, server, name, skewMs, start, () => {
    service = undefined
  })
  return {
    name,
    get owner() {
      return self.owner
    },
    crash: self.crash,
    get receive() {
      const running = service
      return running && ((call: Call) => receive(running, call))
    },
  }
}

/** As the service's server answers: a failure of its own is in its own envelope. */
async function receive(
  { answer }: Pick<AssembledService, 'answer'>,
  { path, body = '{}' }: Call,
): Promise<Answer> {
  if (path === '/healthz') return { status: 200, text: '{}' }
  try {
    return { status: 200, text: JSON.stringify(await answer(JSON.parse(body) as ServiceRequest)) }
  } catch (error) {
    const envelope = { service: 'baton-messaging', error: { code: 'internal', message: String(error) } }
    return { status: 500, text: JSON.stringify(envelope) }
  }
}
