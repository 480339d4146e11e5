import pg from 'pg'
import { migrate, roles, type RolePasswords } from '../db/migrate.ts'
import { withoutPassword, withRole } from './database-urls.ts'
import { makeDemoTenant } from './demo-tenant.ts'
import type { Secrets } from './secrets.ts'
import { UpFailure } from './up-failure.ts'

/** Administrator's URLs of the two databases; often they are the same. */
export interface AdminUrls {
  readonly ledger: string
  readonly legacy: string
}

/** What the programs connect with: the gateway to both databases, the service to the ledger's. */
export interface RoleUrls {
  readonly gatewayLedger: string
  readonly gatewayLegacy: string
  readonly serviceLedger: string
}

const CONNECT_TIMEOUT_MS = 5_000

export function roleUrls(admin: AdminUrls, passwords: RolePasswords): RoleUrls {
  return {
    gatewayLedger: withRole(admin.ledger, roles.gateway, passwords.gateway),
    gatewayLegacy: withRole(admin.legacy, roles.gateway, passwords.gateway),
    serviceLedger: withRole(admin.ledger, roles.service, passwords.service),
  }
}

/** Brings both databases up to date and makes the demo tenant. Returns the migrations that ran. */
export async function prepareDatabases(
  admin: AdminUrls,
  passwords: RolePasswords,
  secrets: Secrets,
): Promise<string[]> {
  const urls = roleUrls(admin, passwords)
  return [
    ...(await migrateAt(admin.legacy, async () =>
      migrate(admin.legacy, 'legacy', await unlessUsable([urls.gatewayLegacy], passwords)),
    )),
    ...(await migrateAt(admin.ledger, async () =>
      migrate(
        admin.ledger,
        'messaging',
        await unlessUsable([urls.gatewayLedger, urls.serviceLedger], passwords),
      ),
    )),
    ...(await migrateAt(admin.legacy, async () => {
      await makeDemoTenant(admin.legacy, secrets)
      return []
    })),
  ]
}

async function migrateAt(url: string, work: () => Promise<string[]>): Promise<string[]> {
  try {
    return await work()
  } catch (error) {
    throw new UpFailure(`prepare the database ${withoutPassword(url)}: ${reasonOf(error)}`, { cause: error })
  }
}

/** A server may be shared with others who know the roles' passwords: they change only when they do not work. */
async function unlessUsable(
  urls: readonly string[],
  passwords: RolePasswords,
): Promise<RolePasswords | undefined> {
  for (const url of urls) if (!(await canLogIn(url))) return passwords
  return undefined
}

async function canLogIn(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS })
  client.on('error', () => {})
  try {
    await client.connect()
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => {})
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}
