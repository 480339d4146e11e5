import { Command } from 'commander'
import { migrate, migrationSql, type RolePasswords } from '../db/migrate.ts'
import type { CliContext } from './context.ts'
import type { Outcome } from './shell.ts'

export interface MigrateOptions {
  /** Of the ledger's database, as a role that may create roles and schemas. */
  readonly adminUrl: string
  /** Of the database with `sms_logs`, when it is another one. */
  readonly legacyAdminUrl?: string
  readonly passwords?: RolePasswords
}

/** Brings both schemas up to date; harmless when they are. Returns what ran. */
export async function migrateDatabases(options: MigrateOptions): Promise<Outcome<{ ran: string[] }>> {
  const { adminUrl, legacyAdminUrl = adminUrl, passwords } = options
  try {
    const legacy = await migrate(legacyAdminUrl, 'legacy', passwords)
    const messaging = await migrate(adminUrl, 'messaging', passwords)
    return { kind: 'done', value: { ran: [...legacy, ...messaging] } }
  } catch (error) {
    return failureOf(error)
  }
}

/** The SQL of both schemas, for a database administrator. */
export function migrationText(): string {
  const part = (schema: 'legacy' | 'messaging', where: string): string =>
    `-- Baton, schema ${schema}: ${where}\n\n${migrationSql(schema)}`
  return [
    part('legacy', 'the database with sms_logs'),
    part('messaging', 'the database with the ledger'),
  ].join('\n')
}

const CANNOT_REACH = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH'])

function failureOf(error: unknown): Outcome<never> {
  const errors: unknown[] = error instanceof AggregateError ? error.errors : [error]
  const reason = errors.map((one) => (one instanceof Error ? one.message : String(one))).join('; ')
  const isAway = errors.some(
    (one) => one instanceof Error && 'code' in one && CANNOT_REACH.has(String(one.code)),
  )
  return isAway
    ? { kind: 'unreachable', detail: `cannot reach the database: ${reason}: does it run?` }
    : { kind: 'refused', detail: `db migrate: ${reason}` }
}

interface CommandOptions {
  readonly adminUrl?: string
  readonly legacyAdminUrl?: string
  readonly print?: boolean
  readonly json?: boolean
}

export function dbCommand({ shell, report }: CliContext): Command {
  const command = new Command('db').description('the databases')
  command
    .command('migrate')
    .description('make or update schemas, roles and grants')
    .option('--admin-url <url>', 'of the database with the ledger (default: DATABASE_URL)')
    .option('--legacy-admin-url <url>', 'of the database with sms_logs, when another (LEGACY_DATABASE_URL)')
    .option('--print', 'print the SQL for an empty database and change nothing')
    .option('--json', 'the answer as JSON')
    .action(async (options: CommandOptions) => {
      if (options.print)
        shell.print(options.json ? JSON.stringify({ sql: migrationText() }) : migrationText())
      else report(await run(options, shell.environment), options, render)
    })
  return command
}

async function run(
  options: CommandOptions,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Outcome<{ ran: string[] }>> {
  const adminUrl = options.adminUrl ?? environment['DATABASE_URL']
  const legacyAdminUrl = options.legacyAdminUrl ?? environment['LEGACY_DATABASE_URL']
  if (!adminUrl) return { kind: 'usage', detail: 'db migrate: no database: give --admin-url or DATABASE_URL' }
  for (const url of [adminUrl, legacyAdminUrl]) {
    if (url && !/^postgres(ql)?:\/\//.test(url))
      return { kind: 'usage', detail: 'db migrate: an admin URL is not a postgres:// URL' }
  }
  const passwords = passwordsOf(environment)
  if (passwords === 'half') {
    const names = 'BATON_GATEWAY_DB_PASSWORD and BATON_SERVICE_DB_PASSWORD'
    return { kind: 'usage', detail: `db migrate: only one password is set: set both of ${names}, or neither` }
  }
  return migrateDatabases({
    adminUrl,
    ...(legacyAdminUrl ? { legacyAdminUrl } : {}),
    ...(passwords ? { passwords } : {}),
  })
}

function passwordsOf(
  environment: Readonly<Record<string, string | undefined>>,
): RolePasswords | 'half' | undefined {
  const gateway = environment['BATON_GATEWAY_DB_PASSWORD']
  const service = environment['BATON_SERVICE_DB_PASSWORD']
  if (gateway && service) return { gateway, service }
  return gateway || service ? 'half' : undefined
}

function render({ ran }: { ran: string[] }): string {
  return ran.length > 0
    ? `Migrated:\n${ran.map((name) => `  ${name}`).join('\n')}`
    : 'Everything is up to date.'
}
