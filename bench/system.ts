import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { Mode } from '../src/core/mode.ts'
import { migrate, roles } from '../src/db/migrate.ts'
import { connect, type Served, type Stage } from './stage.ts'

/** A gateway and a messaging service with a database of their own, Baton's or the naive form's. */
export interface System {
  readonly name: string
  readonly gateway: Served
  readonly service: Served
  readonly database: pg.Client
  /** Empties every table that grows, so that each round begins alike. */
  reset(): Promise<void>
  counts(): Promise<Counts>
  /** Waits until all that was accepted is sent, at most so long. */
  drained(timeMaxMs: number): Promise<void>
}

/** What the database holds: rows a benchmark holds against what the callers were told. */
export interface Counts {
  readonly ledger: number
  readonly sent: number
  readonly go_sms_logs: number
  readonly sms_logs: number
  readonly charged: number
}

export interface SystemOptions {
  readonly name: string
  readonly form: 'baton' | 'naive'
  /** Tenants with the mode of each; a tenant's key is its name. */
  readonly tenants: Readonly<Record<string, Mode>>
  readonly dispatchInFlightMax?: number
}

export const passwords = { gateway: 'bench-gateway', service: 'bench-service' }
const QUOTA = 1_000_000_000

const programs = {
  baton: { gateway: 'bin/gateway.ts', service: 'bin/service.ts' },
  naive: { gateway: 'bench/naive-gateway.ts', service: 'bench/naive-service.ts' },
} as const

const countRows = `
  select
    (select count(*)::integer from messaging.execution_authority) as ledger,
    (select count(*)::integer from messaging.execution_authority where state = 'sent') as sent,
    (select count(*)::integer from messaging.go_sms_logs where not dry_run) as go_sms_logs,
    (select count(*)::integer from legacy.sms_logs where not dry_run) as sms_logs,
    (select coalesce(sum(used), 0)::integer from legacy.quota_accounts) as charged`

// Asked while the rest is being sent: it must cost nothing beside that.
const anyOpen = `
  select exists (
    select from messaging.execution_authority where state in ('claimed', 'dispatched')
  ) as open`

// One by one: all at once would hold several locks that a running program may want in another order.
const emptyTables = [
  'truncate messaging.execution_authority, messaging.authority_proofs, messaging.in_doubt_checks',
  'truncate messaging.go_sms_logs',
  'truncate legacy.requests, legacy.unresolved_messages',
  'truncate legacy.sms_logs',
  'truncate legacy.quota_settlements',
  'update legacy.quota_accounts set used = 0, reserved = 0',
  'checkpoint',
]

export async function startSystem(stage: Stage, options: SystemOptions): Promise<System> {
  const { name, form, tenants, dispatchInFlightMax = 32 } = options
  const adminUrl = await createDatabase(stage, `bench_${name}`)
  const database = await connect(adminUrl)
  stage.onClose(() => database.end())
  for (const [tenant, mode] of Object.entries(tenants)) await addTenant(database, tenant, mode)
  const service = await stage.serve(programs[form].service, 'BATON_SERVICE_PORT', {
    DATABASE_URL: withRole(adminUrl, roles.service, passwords.service),
    BATON_SANDBOX_URL: stage.sandboxUrl,
    BATON_DISPATCH_IN_FLIGHT_MAX: String(dispatchInFlightMax),
  })
  const gateway = await stage.serve(programs[form].gateway, 'BATON_GATEWAY_PORT', {
    DATABASE_URL: withRole(adminUrl, roles.gateway, passwords.gateway),
    BATON_SERVICE_URL: service.url,
    BATON_SANDBOX_URL: stage.sandboxUrl,
  })
  return {
    name,
    gateway,
    service,
    database,
    async reset() {
      for (const text of emptyTables) await database.query(text)
    },
    counts: () => one<Counts>(database, countRows),
    async drained(timeMaxMs) {
      const deadline = performance.now() + timeMaxMs
      while ((await one<{ open: boolean }>(database, anyOpen)).open) {
        if (performance.now() > deadline) throw new Error(`${name}: not drained after ${timeMaxMs} ms`)
        await sleep(50)
      }
    },
  }
}

/** A migrated database of its own; its URL is the superuser's. */
export async function createDatabase(stage: Stage, name: string): Promise<string> {
  const server = await connect(stage.adminUrl)
  try {
    await server.query(`create database ${name}`)
  } finally {
    await server.end()
  }
  const url = new URL(stage.adminUrl)
  url.pathname = `/${name}`
  await migrate(url.href, 'legacy', passwords)
  await migrate(url.href, 'messaging', passwords)
  return url.href
}

async function addTenant(database: pg.Client, tenant: string, mode: Mode): Promise<void> {
  const hash = createHash('sha256').update(tenant).digest()
  await database.query(
    `insert into legacy.api_keys (key_sha256, tenant, scopes, label) values ($1, $2, '{send}', 'bench')`,
    [hash, tenant],
  )
  await database.query('insert into legacy.quota_accounts (tenant, quota_limit) values ($1, $2)', [
    tenant,
    QUOTA,
  ])
  await database.query(
    `insert into legacy.mode_changes (scope, mode, reason, actor) values ($1, $2, 'bench', 'bench')`,
    [tenant, mode],
  )
}

export function withRole(url: string, role: string, password: string): string {
  const changed = new URL(url)
  changed.username = role
  changed.password = password
  return changed.href
}

async function one<Row extends pg.QueryResultRow>(database: pg.Client, text: string): Promise<Row> {
  const { rows } = await database.query<Row>(text)
  const [row] = rows
  if (!row) throw new Error(`bench: no row: ${text}`)
  return row
}
