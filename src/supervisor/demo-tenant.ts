import { createHash } from 'node:crypto'
import { openDatabase } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import type { Secrets } from './secrets.ts'

const insertKey = statement<never>(import.meta.url, './sql/insert-key.sql')
const insertQuotaAccount = statement<never>(import.meta.url, './sql/insert-quota-account.sql')

const TENANT = 'demo'
const QUOTA = 1_000_000

/** Makes the tenant `demo` usable: its two keys, as hashes, and a quota account. Harmless when they exist. */
export async function makeDemoTenant(
  adminUrl: string,
  { api_key, operator_key }: Pick<Secrets, 'api_key' | 'operator_key'>,
): Promise<void> {
  const database = openDatabase({
    url: adminUrl,
    name: 'baton up',
    connectionsMax: 1,
    connectTimeoutMs: 5_000,
    statementTimeoutMs: 10_000,
    onError: () => {}, // a lost connection fails the statement that uses it
  })
  const sha256 = (key: string): Uint8Array => createHash('sha256').update(key).digest()
  try {
    await database.run(insertKey, [sha256(api_key), TENANT, 'send', 'demo sender'])
    await database.run(insertKey, [sha256(operator_key), TENANT, 'operate', 'demo operator'])
    await database.run(insertQuotaAccount, [TENANT, QUOTA])
  } finally {
    await database.close()
  }
}
