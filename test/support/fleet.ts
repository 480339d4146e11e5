// Two gateways, two services, a fault proxy and a carrier, each a process of its own, on one database.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { testDatabase } from './database.ts'
import { freePorts, startProgram, type Program } from './processes.ts'
import { eventually, OPERATOR_KEY, SEND_KEY, seedTenant, sql, type CarrierEntry } from './system.ts'

export type Role = 'gateway-1' | 'gateway-2' | 'service-1' | 'service-2'

export interface FleetOptions {
  /** How fast the services send, together. */
  readonly servicePerSecond?: number
}

export async function startFleet({ servicePerSecond }: FleetOptions = {}) {
  const database = await testDatabase()
  await seedTenant(database)
  const folder = mkdtempSync(join(tmpdir(), 'baton-fleet-'))
  const [sandboxPort, faultsPort, proxyPort, g1, g2, s1, s2] = (await freePorts(7)).map(String)
  const url = (port: string | undefined) => `http://127.0.0.1:${port}`
  const common = {
    BATON_LOG_LEVEL: 'warn',
    BATON_SANDBOX_URL: url(sandboxPort),
    BATON_PROVIDER_TIMEOUT_MS: '1000',
    BATON_IN_DOUBT_AFTER_MS: '4000',
    BATON_KEYED_GRACE_MS: '20000',
    BATON_CONNECTIONS_MAX: '5',
  }
  const sandbox = { BATON_SANDBOX_PORT: sandboxPort ?? '', BATON_SANDBOX_LOG: join(folder, 'carrier.jsonl') }
  await startProgram('sandbox', sandbox, `${url(sandboxPort)}/healthz`)
  const proxy = {
    BATON_FAULT_PROXY_PORT: proxyPort ?? '',
    BATON_FAULTS_PORT: faultsPort ?? '',
    BATON_SERVICE_PORT: s1 ?? '',
  }
  await startProgram('fault-proxy', proxy, `${url(faultsPort)}/healthz`)

  const providersFile = join(folder, 'providers.json')
  const provider = {
    name: 'sandbox',
    kind: 'sandbox',
    per_second: servicePerSecond,
    options: { url: url(sandboxPort) },
  }
  writeFileSync(providersFile, JSON.stringify({ providers: [provider] }))
  const paced = servicePerSecond === undefined ? {} : { BATON_PROVIDERS_FILE: providersFile }
  const service = (port: string | undefined) => () =>
    startProgram(
      'service',
      { ...common, ...paced, DATABASE_URL: database.serviceUrl, BATON_SERVICE_PORT: port ?? '' },
      `${url(port)}/healthz`,
    )
  // The second gateway goes to the second service, with nothing between.
  const gateway = (port: string | undefined, servicePort: string | undefined) => () =>
    startProgram(
      'gateway',
      {
        ...common,
        DATABASE_URL: database.gatewayUrl,
        BATON_GATEWAY_PORT: port ?? '',
        BATON_SERVICE_URL: url(servicePort),
      },
      `${url(port)}/healthz`,
    )
  const starters: Record<Role, () => Promise<Program>> = {
    'gateway-1': gateway(g1, proxyPort),
    'gateway-2': gateway(g2, s2),
    'service-1': service(s1),
    'service-2': service(s2),
  }
  const programs = new Map<Role, Program>()
  for (const role of Object.keys(starters) as Role[]) programs.set(role, await starters[role]())
  after(async () => {
    await Promise.all([...programs.values()].map((program) => program.kill()))
    rmSync(folder, { recursive: true })
  })

  async function put(target: string, body: object, headers: Record<string, string> = {}): Promise<void> {
    const response = await fetch(target, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`PUT ${target}: ${response.status}: ${await response.text()}`)
  }
  const ask = <Row>(text: string) => sql<Row>(database, text)

  return {
    database,
    gateways: [url(g1), url(g2)],
    /** What the command line needs to reach it. */
    environment: {
      BATON_DIRECTORY: folder,
      BATON_GATEWAY_URL: url(g1),
      BATON_SERVICE_URL: url(s1),
      BATON_SANDBOX_URL: url(sandboxPort),
      BATON_FAULTS_URL: url(faultsPort),
      BATON_API_KEY: SEND_KEY,
      BATON_OPERATOR_KEY: OPERATOR_KEY,
      DATABASE_URL: database.gatewayUrl,
    },
    sandboxUrl: url(sandboxPort),
    faultsUrl: url(faultsPort),
    ask,
    faults: (faults: object) => put(`${url(faultsPort)}/faults`, faults),
    carrierFaults: (faults: object) => put(`${url(sandboxPort)}/faults`, faults),
    /** By whichever gateway lives; false when none could. */
    async mode(mode: string): Promise<boolean> {
      for (const gatewayUrl of [url(g1), url(g2)]) {
        const headers = { authorization: `Bearer ${OPERATOR_KEY}` }
        const done = await put(`${gatewayUrl}/operator/mode`, { mode, reason: 'test' }, headers).then(
          () => true,
          () => false,
        )
        if (done) return true
      }
      return false
    },
    carrier: async () => (await (await fetch(`${url(sandboxPort)}/log`)).json()) as CarrierEntry[],
    async kill(role: Role): Promise<void> {
      await programs.get(role)?.kill()
      programs.set(role, await starters[role]())
    },
    /** Kills it and leaves it down. */
    down: async (role: Role): Promise<void> => programs.get(role)?.kill(),
    async start(role: Role): Promise<void> {
      programs.set(role, await starters[role]())
    },
    signal(role: Role, signal: 'SIGSTOP' | 'SIGCONT'): void {
      process.kill(programs.get(role)?.pid ?? 0, signal)
    },
    outputs: () =>
      [...programs].map(([role, program]) => `${role}: ${program.output().slice(-2_000)}`).join('\n'),
    /** Waits until nothing is open: no claimed, no dispatched, no unanswered request, nothing unresolved. */
    drained: (boundMs: number) =>
      eventually(
        async () =>
          (
            await ask<{ open: number; requests: number; unresolved: number }>(
              `select (select count(*) from messaging.execution_authority where state in ('claimed', 'dispatched')) as open,
                (select count(*) from legacy.requests where answered_at is null) as requests,
                (select count(*) from legacy.unresolved_messages) as unresolved`,
            )
          )[0],
        (row) => row?.open === 0 && row.requests === 0 && row.unresolved === 0,
        boundMs,
      ),
  }
}
