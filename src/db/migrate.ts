import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { runner } from 'node-pg-migrate'
import pg from 'pg'

/** `legacy` is the gateway's schema, `messaging` the service's; they may live in different databases. */
export type SchemaName = 'legacy' | 'messaging'

export const roles = { gateway: 'baton_gateway', service: 'baton_service' } as const

export interface RolePasswords {
  readonly gateway: string
  readonly service: string
}

const migrationsOf = (schema: SchemaName): string => join(import.meta.dirname, 'migrations', schema)
const rolesSql = (): string => readFileSync(join(import.meta.dirname, 'roles.sql'), 'utf8')
const grantsSql = (schema: SchemaName): string =>
  readFileSync(join(import.meta.dirname, 'grants', `${schema}.sql`), 'utf8')

/**
 * Makes roles, schema, tables and grants in one database, up to date and again harmless. Needs a role that may
 * create roles and schemas. Returns the names of the migrations that it ran.
 */
export async function migrate(
  adminUrl: string,
  schema: SchemaName,
  passwords?: RolePasswords,
): Promise<string[]> {
  const client = new pg.Client({ connectionString: adminUrl, application_name: 'baton migrate' })
  await client.connect()
  try {
    await client.query(rolesSql())
    if (passwords) await setPasswords(client, passwords)
    const ran = await runner({
      dbClient: client,
      dir: migrationsOf(schema),
      direction: 'up',
      migrationsTable: `baton_${schema}_migrations`,
      log: () => {},
    })
    await client.query(grantsSql(schema))
    return ran.map(({ name }) => `${schema}/${name}`)
  } finally {
    await client.end()
  }
}

/** The same as SQL for a database administrator to read and run, for a database that has nothing yet. */
export function migrationSql(schema: SchemaName): string {
  const files = readdirSync(migrationsOf(schema)).sort()
  const tables = files.map((file) => readFileSync(join(migrationsOf(schema), file), 'utf8'))
  return [rolesSql(), ...tables, grantsSql(schema)].join('\n')
}

async function setPasswords(client: pg.Client, passwords: RolePasswords): Promise<void> {
  for (const [name, role] of Object.entries(roles)) {
    const password = passwords[name as keyof RolePasswords]
    await client.query(`alter role ${role} password ${client.escapeLiteral(password)}`)
  }
}
