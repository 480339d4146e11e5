// Two gateways, two services, a fault proxy and a carrier, each a process of its own, each with a network of its
// own to a database of their own.
import { join } from 'node:path'
import { createHash } from 'node:crypto'
import { migrate, roles } from '../../src/db/migrate.ts'
import type { CarrierEntry } from '../../test/support/system.ts'
import { freePorts, killPrograms, spawnProgram, type Program } from '../../test/support/spawn-program.ts'
import { askOnce, type ChaosCluster } from './chaos-cluster.ts'
import { pause } from './seeded.ts'
import { openLink, type TcpLink } from './tcp-link.ts'

export const programRoles = ['gateway-1', 'service-1', 'gateway-2', 'service-2'] as const
export type ProgramRole = (typeof programRoles)[number]
export type Role = ProgramRole | 'carrier' | 'fault-proxy'

export const SEND_KEY = 'chaos-send-key'
const OPERATOR_KEY = 'chaos-operator-key'
export const TENANT = 'demo'
const passwords = { gateway: 'chaos-gateway', service: 'chaos-service' }

/** What a process is started with beyond its own settings: another version of the code, another clock. */
export interface Flavour {
  readonly root?: string
  readonly environment?: Readonly<Record<string, string>>
}

type Ports = [number, number, number, number, number, number, number]

export interface ChaosFleet {
  readonly cluster: ChaosCluster
  readonly gateways: readonly string[]
  readonly links: ReadonlyMap<ProgramRole, TcpLink>
  /** As administrator, and as the gateway's role. */
  readonly databaseUrl: string
  readonly gatewayDatabaseUrl: string
  program(role: Role): Program | undefined
  /** Starts it again and again until it is up, as a supervisor does; gives up when the signal fires. */
  start(role: Role, signal: AbortSignal, flavour?: Flavour): Promise<void>
  /** Ends it; resolves when it is gone. */
  kill(role: Role, signal?: NodeJS.Signals): Promise<void>
  readonly ask: <Row>(text: string) => Promise<Row[]>
  faults(faults: object): Promise<boolean>
  carrierFaults(faults: object): Promise<boolean>
  /** By whichever gateway lives; false when none could. */
  mode(mode: string): Promise<boolean>
  operator(method: string, path: string, body: object): Promise<Response | undefined>
  carrier(): Promise<CarrierEntry[]>
  /** The whole network leads to another server from now on, as a virtual address that has moved. */
  leadTo(port: number): void
  /** Processes that ended by themselves while they were up: a fault of the program. */
  readonly brokenDown: readonly string[]
  close(): Promise<void>
}

const IN_DOUBT_AFTER_MS = 4_000
/** Longer than every timeout of a program: what was stopped so long wakes up with all its permits stale. */
export const LONGER_THAN_ANY_TIMEOUT_MS = 8_000

/** Ends with the fleet: `cluster` too. */
export async function startChaosFleet(cluster: ChaosCluster): Promise<ChaosFleet> {
  const [sandbox, faults, proxy, g1, g2, s1, s2] = (await freePorts(7)).map(Number) as Ports
  const links = new Map<ProgramRole, TcpLink>()
  for (const role of programRoles) links.set(role, await openLink(cluster.port))
  const ownLink = await openLink(cluster.port)
  const databaseUrl = await prepareDatabase(cluster, ownLink.port)
  const url = (port: number) => `http://127.0.0.1:${port}`
  const through = (role: ProgramRole): string => {
    const changed = new URL(databaseUrl)
    const isGateway = role.startsWith('gateway')
    changed.username = isGateway ? roles.gateway : roles.service
    changed.password = isGateway ? passwords.gateway : passwords.service
    changed.port = String(links.get(role)?.port)
    return changed.href
  }
  const common = {
    BATON_LOG_LEVEL: 'error',
    BATON_SANDBOX_URL: url(sandbox),
    BATON_PROVIDER_TIMEOUT_MS: '1000',
    BATON_IN_DOUBT_AFTER_MS: String(IN_DOUBT_AFTER_MS),
    BATON_KEYED_GRACE_MS: '10000',
    BATON_WANTED_MS: '20000',
    BATON_CONNECTIONS_MAX: '5',
  }
  const service = (role: ProgramRole, port: number) => ({
    name: 'service' as const,
    healthUrl: `${url(port)}/healthz`,
    settings: { ...common, DATABASE_URL: through(role), BATON_SERVICE_PORT: String(port) },
  })
  // The second gateway goes to the second service, with nothing between.
  const gateway = (role: ProgramRole, port: number, servicePort: number) => ({
    name: 'gateway' as const,
    healthUrl: `${url(port)}/healthz`,
    settings: {
      ...common,
      DATABASE_URL: through(role),
      BATON_GATEWAY_PORT: String(port),
      BATON_SERVICE_URL: url(servicePort),
    },
  })
  const plans = {
    carrier: {
      name: 'sandbox' as const,
      healthUrl: `${url(sandbox)}/healthz`,
      settings: {
        BATON_SANDBOX_PORT: String(sandbox),
        BATON_SANDBOX_LOG: join(cluster.folder, 'carrier', 'log.jsonl'),
      },
    },
    'fault-proxy': {
      name: 'fault-proxy' as const,
      healthUrl: `${url(faults)}/healthz`,
      settings: {
        BATON_FAULT_PROXY_PORT: String(proxy),
        BATON_FAULTS_PORT: String(faults),
        BATON_SERVICE_PORT: String(s1),
      },
    },
    'service-1': service('service-1', s1),
    'service-2': service('service-2', s2),
    'gateway-1': gateway('gateway-1', g1, proxy),
    'gateway-2': gateway('gateway-2', g2, s2),
  }

  // Hundreds of starts: each finds what the first one compiled.
  const compiled = join(cluster.folder, 'compiled')
  const running = new Map<Role, Program>()
  const brokenDown: string[] = []
  const gateways = [url(g1), url(g2)]

  async function start(role: Role, signal: AbortSignal, flavour: Flavour = {}): Promise<void> {
    const plan = plans[role]
    while (!signal.aborted) {
      const program = await spawnProgram({
        ...plan,
        settings: { ...plan.settings, NODE_COMPILE_CACHE: compiled, ...flavour.environment },
        ...(flavour.root === undefined ? {} : { root: flavour.root }),
        isListeningEnough: true,
        boundMs: 20_000,
      }).catch(() => undefined) // its database may be away: a supervisor tries again
      if (program) {
        running.set(role, program)
        void program.ended.then((how) => {
          if (running.get(role) !== program) return
          running.delete(role)
          brokenDown.push(`${role} ended by itself with ${how}: ${program.output().slice(-2_000)}`)
        })
        return
      }
      await pause(200, signal)
    }
  }

  async function put(target: string, body: object, headers: Record<string, string> = {}): Promise<boolean> {
    return (await call('PUT', target, body, headers))?.ok ?? false
  }

  async function operator(method: string, path: string, body: object): Promise<Response | undefined> {
    for (const gatewayUrl of gateways) {
      const headers = { authorization: `Bearer ${OPERATOR_KEY}` }
      const response = await call(method, `${gatewayUrl}${path}`, body, headers)
      if (response) return response
    }
    return undefined
  }

  const fleet: ChaosFleet = {
    cluster,
    gateways,
    links,
    databaseUrl,
    gatewayDatabaseUrl: through('gateway-1'),
    brokenDown,
    program: (role) => running.get(role),
    start,
    operator,
    async kill(role, signal) {
      const program = running.get(role)
      running.delete(role)
      await program?.kill(signal)
    },
    ask: (text) => askOnce(databaseUrl, text),
    faults: (body) => put(`${url(faults)}/faults`, body),
    carrierFaults: (body) => put(`${url(sandbox)}/faults`, body),
    mode: async (mode) => (await operator('PUT', '/operator/mode', { mode, reason: 'chaos' }))?.ok ?? false,
    carrier: async () => (await (await fetch(`${url(sandbox)}/log`)).json()) as CarrierEntry[],
    leadTo(port) {
      for (const link of [...links.values(), ownLink]) link.leadTo(port)
    },
    async close() {
      running.clear()
      killPrograms()
      for (const link of [...links.values(), ownLink]) await link.close()
      await cluster.stop()
    },
  }
  const never = new AbortController().signal
  // Only a process that ends in order leaves what it compiled to the next: those that are killed find it then.
  for (const role of ['carrier', 'fault-proxy', 'gateway-1', 'service-1'] as const) {
    await start(role, never)
    await fleet.kill(role, 'SIGTERM')
  }
  for (const role of ['carrier', 'fault-proxy', ...programRoles] as const) await start(role, never)
  return fleet
}

async function call(
  method: string,
  target: string,
  body: object,
  headers: Record<string, string>,
): Promise<Response | undefined> {
  const response = await fetch(target, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(3_000),
  }).catch(() => undefined)
  await response?.text().catch(() => undefined)
  return response
}

/** A migrated database with a tenant; returns the administrator's URL of it by that port. */
async function prepareDatabase(cluster: ChaosCluster, port: number): Promise<string> {
  await cluster.ask('create database baton')
  const url = new URL(cluster.adminUrl)
  url.port = String(port)
  url.pathname = '/baton'
  await migrate(url.href, 'legacy', passwords)
  await migrate(url.href, 'messaging', passwords)
  const hash = (key: string) => createHash('sha256').update(key).digest('hex')
  await askOnce(
    url.href,
    `insert into legacy.api_keys (key_sha256, tenant, scopes, label) values
      (decode('${hash(SEND_KEY)}', 'hex'), '${TENANT}', '{send}', 'chaos sender'),
      (decode('${hash(OPERATOR_KEY)}', 'hex'), '${TENANT}', '{operate}', 'chaos operator');
     insert into legacy.quota_accounts (tenant, quota_limit) values ('${TENANT}', 100000000)`,
  )
  return url.href
}
