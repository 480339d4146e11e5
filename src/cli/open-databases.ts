import { openDatabase, type Database } from '../db/database.ts'
import type { Reach } from './reach.ts'
import type { Outcome } from './shell.ts'

export interface BothDatabases {
  /** With `sms_logs`. */
  readonly legacy: Database
  /** With `go_sms_logs` and the ledger. */
  readonly messaging: Database
}

/** Runs `work` on both databases and closes them. What the databases refuse or do not answer is an outcome. */
export async function withDatabases<Value>(
  reach: Reach,
  work: (databases: BothDatabases) => Promise<Outcome<Value>>,
): Promise<Outcome<Value>> {
  const url = reach.get('DATABASE_URL')
  const legacyUrl = reach.get('LEGACY_DATABASE_URL') ?? url
  if (url === undefined || legacyUrl === undefined) {
    return { kind: 'usage', detail: `no database: set DATABASE_URL, or run baton up: no ${reach.envFile}` }
  }
  if (![url, legacyUrl].every((one) => /^postgres(ql)?:\/\//.test(one))) {
    return { kind: 'usage', detail: 'DATABASE_URL or LEGACY_DATABASE_URL: is not a postgres:// URL' }
  }
  const legacy = open(legacyUrl)
  const messaging = open(url)
  try {
    return await work({ legacy, messaging })
  } catch (error) {
    return { kind: 'unreachable', detail: error instanceof Error ? error.message : String(error) }
  } finally {
    await Promise.all([legacy.close(), messaging.close()])
  }
}

function open(url: string): Database {
  return openDatabase({
    url,
    name: 'baton operator',
    connectionsMax: 3,
    connectTimeoutMs: 5_000,
    statementTimeoutMs: 60_000,
    // A lost connection shows in the statement that meets it.
    onError: () => {},
  })
}
