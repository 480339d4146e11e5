import type { Database } from './database.ts'
import { statement } from './statement.ts'

const settings = statement<{ name: string; setting: string }>(import.meta.url, './durability.sql')

/**
 * Refuses a server that can forget a commit, or that is not the primary: throws with what it found. The ledger
 * sets `synchronous_commit` itself, in each transaction.
 */
export async function requireDurableServer(database: Database, name: string): Promise<void> {
  const rows = await database.run(settings)
  const wrong = rows.filter(({ name, setting }) => setting !== (name === 'in_recovery' ? 'false' : 'on'))
  if (wrong.length > 0) {
    const found = wrong.map(({ name, setting }) => `${name} = ${setting}`).join(', ')
    throw new Error(
      `database ${name}: it could forget a claim that was acknowledged: ${found}; ` +
        'needs a primary with fsync = on and full_page_writes = on',
    )
  }
}
