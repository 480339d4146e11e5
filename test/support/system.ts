// The whole system in this process, on a database of its own: gateway -> fault proxy -> service -> sandbox.
import { createHash, randomBytes } from 'node:crypto'
import { rmSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { pino } from 'pino'
import type { SendResponse } from '../../src/contract/gateway-api.ts'
import type { GatewayConfig } from '../../src/gateway/config.ts'
import { startGateway } from '../../src/gateway/gateway.ts'
import type { LegacyDriver } from '../../src/gateway/legacy-driver.ts'
import { startFaultProxy } from '../../src/fault-proxy/fault-proxy.ts'
import { sandboxProvider } from '../../src/providers/sandbox.ts'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { soleProvider, type OpenProviders } from '../../src/service/providers.ts'
import { startService, type ServiceConfig } from '../../src/service/service.ts'
import { testDatabase, type TestDatabase } from './database.ts'

export const SEND_KEY = 'test-send-key'
export const OPERATOR_KEY = 'test-operator-key'
export const TENANT = 'demo'

export interface CarrierEntry {
  at: string
  account: 'legacy' | 'service'
  to: string
  body: string
  reference: string
  provider_message_id: string
}

export interface Reply<Body = unknown> {
  readonly status: number
  readonly body: Body
  readonly headers: Headers
}

export interface SystemOptions {
  readonly gateway?: Partial<GatewayConfig>
  readonly service?: Partial<ServiceConfig>
  readonly quotaLimit?: number
  /** What the service sends by, instead of the sandbox alone. */
  readonly providers?: OpenProviders
  /** Messages per second of single senders at the service. */
  readonly senderPaces?: Readonly<Record<string, number>>
  /** How the legacy side sends, instead of the sandbox. */
  readonly driver?: () => LegacyDriver
  /** What the gateway takes for the service instead of the fault proxy. */
  readonly serviceUrl?: string
  /** The carrier calls the service back with delivery statuses and replies. */
  readonly callbacks?: boolean
}

/** What the tests' services take for a wish to be left alone, or to be written to again. */
export const keywords = { stop: ['STOP', 'UNSUBSCRIBE'], start: ['START', 'UNSTOP'] }

const CARRIER_SECRET = 'a-carrier-secret'

export const quiet = pino({ level: 'silent' })

/** Keys and a quota account for the tenant, as an installation has them. */
export async function seedTenant(database: TestDatabase, quotaLimit = 1_000_000): Promise<void> {
  const hash = (key: string) => createHash('sha256').update(key).digest('hex')
  await sql(
    database,
    `insert into legacy.api_keys (key_sha256, tenant, scopes, label) values
      (decode('${hash(SEND_KEY)}', 'hex'), '${TENANT}', '{send}', 'test sender'),
      (decode('${hash(OPERATOR_KEY)}', 'hex'), '${TENANT}', '{operate}', 'test operator')`,
  )
  await sql(
    database,
    `insert into legacy.quota_accounts (tenant, quota_limit) values ('${TENANT}', ${quotaLimit})`,
  )
}

/** Any SQL as superuser. */
export function sql<Row = Record<string, unknown>>(database: TestDatabase, text: string): Promise<Row[]> {
  return database.admin.run<Row>({ name: `t${createHash('sha1').update(text).digest('hex')}`, text })
}

export async function startSystem(options: SystemOptions = {}) {
  const database = await testDatabase()
  await seedTenant(database, options.quotaLimit)
  const folder = mkdtempSync(join(tmpdir(), 'baton-system-'))
  const host = '127.0.0.1'
  const sandbox = await startSandbox({
    host,
    port: 0,
    logPath: join(folder, 'carrier.jsonl'),
    callbackSecret: CARRIER_SECRET,
    log: quiet,
  })
  const provider = (account: 'legacy' | 'service') =>
    sandboxProvider({
      url: sandbox.url,
      account,
      timeoutMs: 1_500,
      connectionsMax: 64,
      receiptSecret: CARRIER_SECRET,
    })

  const serviceConfig: ServiceConfig = {
    host,
    port: 0,
    databaseUrl: database.serviceUrl,
    connectionsMax: 6,
    acceptDeadlineMs: 2_000,
    inDoubtAfterMs: 5_000,
    secret: null,
    gatewayUrl: null,
    publicUrl: null,
    keywords,
    ...options.service,
  }
  const openProviders: OpenProviders =
    options.providers ??
    ((events) => ({
      ...soleProvider(provider('service'), 32)(events),
      senderPaces: options.senderPaces ?? {},
    }))
  let service = await startService(serviceConfig, openProviders, quiet)
  const upstreamPort = Number(new URL(service.url).port)
  if (options.callbacks) {
    await put(`${sandbox.url}/callbacks`, { service: `${service.url}/receipts/sandbox-service` })
  }
  const proxy = await startFaultProxy({
    host,
    port: 0,
    controlPort: 0,
    upstream: { host, port: upstreamPort },
    log: quiet,
  })
  const gatewayConfig: GatewayConfig = {
    host,
    port: 0,
    legacyDatabaseUrl: database.gatewayUrl,
    ledgerDatabaseUrl: database.gatewayUrl,
    connectionsMax: 6,
    serviceUrl: options.serviceUrl ?? `http://${host}:${proxy.port}`,
    serviceSecret: null,
    recipientsMax: 10_000,
    entryDeadlineMs: 3_000,
    ledgerDeadlineMs: 1_000,
    breakerFailuresMax: 1_000,
    breakerProbeIntervalMs: 200,
    inDoubtAfterMs: 5_000,
    wantedMs: 60_000,
    keyedGraceMs: 300_000,
    scheduleDaysMax: 30,
    ...options.gateway,
  }
  const startOneGateway = (changes: Partial<GatewayConfig> = {}) =>
    startGateway({ ...gatewayConfig, ...changes }, options.driver?.() ?? provider('legacy'), quiet)
  const gateway = await startOneGateway()
  const running = new Set([gateway])

  after(async () => {
    await proxy.close()
    await Promise.all([...running].map((program) => program.stop()))
    await service.stop()
    await sandbox.close()
    rmSync(folder, { recursive: true })
  })

  const call = callerOf(gateway.url)
  return {
    database,
    gateway,
    sandbox,
    call,
    serviceUrl: service.url,
    sandboxUrl: sandbox.url,
    faultsUrl: `http://${host}:${proxy.controlPort}`,
    sql: <Row = Record<string, unknown>>(text: string) => sql<Row>(database, text),
    mode: (mode: string, more: object = {}) =>
      call('PUT', '/operator/mode', { mode, reason: 'test', ...more }, OPERATOR_KEY),
    send: (body: object, headers: Record<string, string> = {}) =>
      call<SendResponse>('POST', '/v1/sms', body, SEND_KEY, headers),
    carrier: async () => (await (await fetch(`${sandbox.url}/log`)).json()) as CarrierEntry[],
    carrierFaults: (faults: object) => put(`${sandbox.url}/faults`, faults),
    faults: (faults: object) => put(`http://${host}:${proxy.controlPort}/faults`, faults),
    async anotherGateway(changes: Partial<GatewayConfig> = {}) {
      const other = await startOneGateway(changes)
      running.add(other)
      return {
        ...other,
        call: callerOf(other.url),
        stop: () => {
          running.delete(other)
          return other.stop()
        },
      }
    },
    /** Stops the service; start it again on the same port. */
    stopService: () => service.stop(),
    async restartService() {
      service = await startService({ ...serviceConfig, port: upstreamPort }, openProviders, quiet)
    },
  }
}

export type System = Awaited<ReturnType<typeof startSystem>>

function callerOf(url: string) {
  return async <Body = unknown>(
    method: string,
    path: string,
    body: unknown,
    key: string | null,
    headers: Record<string, string> = {},
  ): Promise<Reply<Body>> => {
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, body: JSON.parse(text) as Body, headers: response.headers }
  }
}

async function put(url: string, body: object): Promise<void> {
  const response = await fetch(url, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`PUT ${url}: ${response.status}: ${await response.text()}`)
}

/** Asks again until it holds; fails after `boundMs` with what was last seen. */
export async function eventually<Value>(
  ask: () => Promise<Value>,
  holds: (value: Value) => boolean,
  boundMs = 15_000,
): Promise<Value> {
  const end = Date.now() + boundMs
  for (;;) {
    const value = await ask()
    if (holds(value)) return value
    if (Date.now() > end)
      throw new Error(`eventually: not within ${boundMs} ms: last ${JSON.stringify(value)}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

export const unique = (): string => randomBytes(4).toString('hex')
