// A database of one's own for each test file, copied from a template that the test runner has migrated.
import { randomBytes } from 'node:crypto'
import { after } from 'node:test'
import pg from 'pg'
import { openDatabase, type Database } from '../../src/db/database.ts'
import { migrate, roles, type RolePasswords } from '../../src/db/migrate.ts'

export const TEMPLATE = 'baton_template'
const passwords: RolePasswords = { gateway: 'test-gateway', service: 'test-service' }

/** Makes the template database; called once a test run. */
export async function prepareTemplate(adminUrl: string): Promise<void> {
  await onServer(adminUrl, async (client) => {
    await client.query(`drop database if exists ${TEMPLATE} with (force)`)
    await client.query(`create database ${TEMPLATE}`)
  })
  const url = withDatabase(adminUrl, TEMPLATE)
  await migrate(url, 'legacy', passwords)
  await migrate(url, 'messaging', passwords)
}

export interface TestDatabase {
  readonly adminUrl: string
  readonly gatewayUrl: string
  readonly serviceUrl: string
  /** Pools of the two roles and of the superuser, closed after the file. */
  readonly gateway: Database
  readonly service: Database
  readonly admin: Database
}

/** A fresh migrated database, dropped when the file has ended: call it at the top of the file. */
export async function testDatabase(): Promise<TestDatabase> {
  const server = process.env['BATON_TEST_ADMIN_URL']
  if (!server) throw new Error('test database: BATON_TEST_ADMIN_URL is not set: run the tests by npm test')
  const database = await freshDatabase(server)
  after(() => database.drop())
  return database
}

/** The same on any server with the template, for whoever drops it. */
export async function freshDatabase(server: string): Promise<TestDatabase & { drop(): Promise<void> }> {
  const name = `baton_test_${randomBytes(6).toString('hex')}`
  await onServer(server, (client) => client.query(`create database ${name} template ${TEMPLATE}`))
  const adminUrl = withDatabase(server, name)
  const gatewayUrl = withUser(adminUrl, roles.gateway, passwords.gateway)
  const serviceUrl = withUser(adminUrl, roles.service, passwords.service)
  const database = {
    adminUrl,
    gatewayUrl,
    serviceUrl,
    gateway: open(gatewayUrl),
    service: open(serviceUrl),
    admin: open(adminUrl),
  }
  return {
    ...database,
    async drop() {
      await Promise.all([database.gateway.close(), database.service.close(), database.admin.close()])
      await onServer(server, (client) => client.query(`drop database if exists ${name} with (force)`))
    },
  }
}

export function open(
  url: string,
  options: { connectionsMax?: number; statementTimeoutMs?: number } = {},
): Database {
  return openDatabase({
    url,
    name: 'test',
    connectionsMax: options.connectionsMax ?? 6,
    connectTimeoutMs: 3_000,
    statementTimeoutMs: options.statementTimeoutMs ?? 10_000,
    onError: () => {},
  })
}

export function withUser(url: string, user: string, password: string): string {
  const changed = new URL(url)
  changed.username = user
  changed.password = password
  return changed.href
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url)
  changed.pathname = `/${name}`
  return changed.href
}

async function onServer(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
