import type { RolePasswords } from '../db/migrate.ts'
import type { ConsoleLog } from './console-log.ts'
import { withoutPassword } from './database-urls.ts'
import { prepareDatabases, roleUrls, type AdminUrls, type RoleUrls } from './prepare-databases.ts'
import { startPrivatePostgres } from './private-postgres.ts'
import type { Secrets } from './secrets.ts'
import type { UpConfig } from './settings.ts'

export interface Databases {
  readonly urls: () => RoleUrls
  /** Where they are, for people. */
  readonly place: string
  /** Undefined: not ours to look after. */
  readonly privatePid: (() => number) | undefined
  /** Starts a private server again that has died; `true` when the URLs have changed. */
  revive(): Promise<boolean>
  stop(): Promise<void>
}

/** The PostgreSQL the user has named, or a private one; with schemas, roles and the demo tenant. */
export async function openDatabases(config: UpConfig, secrets: Secrets, log: ConsoleLog): Promise<Databases> {
  const { databaseUrl, legacyDatabaseUrl } = config
  const server =
    databaseUrl === null
      ? await startPrivatePostgres(config.directory, (line) => log.line('postgres', line))
      : undefined
  const admin = (): AdminUrls => {
    const ledger = databaseUrl ?? server?.adminUrl() ?? ''
    return { ledger, legacy: legacyDatabaseUrl ?? ledger }
  }
  const passwords: RolePasswords = {
    gateway: config.gatewayPassword ?? secrets.gateway_db_password,
    service: config.servicePassword ?? secrets.service_db_password,
  }
  const stop = async (): Promise<void> => {
    if ((await server?.stop()) === 'in_use')
      log.say('info', 'PostgreSQL runs on: another process uses it as well')
  }
  try {
    const ran = await prepareDatabases(admin(), passwords, secrets)
    const what = ran.length > 0 ? `migrated: ${ran.join(', ')}` : 'is up to date'
    log.say('info', `the database ${what}`)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    urls: () => roleUrls(admin(), passwords),
    place: databaseUrl === null ? 'private PostgreSQL' : withoutPassword(databaseUrl),
    privatePid: server?.pid,
    revive: async () => (await server?.revive()) ?? false,
    stop,
  }
}
