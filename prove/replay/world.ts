import { uuidv7 } from 'uuidv7'
import type { BegunCheck } from '../../src/authority/in-doubt.ts'
import type { Permit } from '../../src/authority/permit.ts'
import type { Database } from '../../src/db/database.ts'
import type { Ledger } from './ledger.ts'
import { lossyDatabase, type LossyDatabase } from './lossy-database.ts'

/** The ledger's database by its two roles, and by the superuser who looks and sweeps. */
export interface LedgerDatabases {
  readonly gateway: Database
  readonly service: Database
  readonly admin: Database
}

/** One trace's messages and what the processes of the trace have in their hands. */
export interface World {
  readonly ledger: Ledger
  readonly databases: LedgerDatabases
  readonly gateway: LossyDatabase
  readonly service: LossyDatabase
  /** By the model's number; ascending, as the ledger orders them. */
  readonly uuids: readonly string[]
  readonly dispatching: ReturnType<Ledger['createDispatching']>
  /** By message and the model's token. */
  readonly permits: Map<string, Permit>
  readonly replays: Map<number, BegunCheck>
}

export function createWorld(ledger: Ledger, databases: LedgerDatabases, messages: number): World {
  const service = lossyDatabase(databases.service)
  return {
    ledger,
    databases,
    gateway: lossyDatabase(databases.gateway),
    service,
    uuids: Array.from({ length: messages }, () => uuidv7()),
    dispatching: ledger.createDispatching(service.database),
    permits: new Map(),
    replays: new Map(),
  }
}

export const permitKey = (message: number, token: number): string => `${message}/${token}`
