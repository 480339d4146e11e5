import pg from 'pg'

/**
 * What a failed statement proves.
 *
 *   refused   the server answered an error: the transaction is rolled back
 *   not_run   no connection was made: nothing reached the server
 *   unknown   the connection was lost or timed out: it may have committed, now or later
 */
export type DatabaseFailure = 'refused' | 'not_run' | 'unknown'

const NOT_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
])

// Errors after which the server may already have written its commit record: connection exceptions,
// operator intervention (a shutdown while waiting for a standby), and "statement completion unknown".
const MAYBE_COMMITTED = /^(08...|57P0[1-3]|40003)$/
const STARTING_UP = '57P03'

export function classifyFailure(error: unknown): DatabaseFailure {
  if (error instanceof pg.DatabaseError) {
    if (error.code === STARTING_UP) return 'not_run'
    return MAYBE_COMMITTED.test(error.code ?? '') ? 'unknown' : 'refused'
  }
  if (error instanceof ConnectFailure) return 'not_run'
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return NOT_CONNECTED.has(code) ? 'not_run' : 'unknown'
}

// Serialization failure, deadlock, too many connections, out of memory or disk, lock and statement timeouts.
const PASSING = /^(40001|40P01|53...|55P03|57014|25006)$/

/** Whether the same idempotent statement may succeed a moment later. */
export function mayPass(error: unknown): boolean {
  if (classifyFailure(error) !== 'refused') return true
  return error instanceof pg.DatabaseError && PASSING.test(error.code ?? '')
}

/** No connection could be had from the pool: the statement was never sent. */
export class ConnectFailure extends Error {
  readonly code = 'BATON_DB_CONNECT'

  constructor(name: string, cause: unknown) {
    super(`database ${name}: cannot connect: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    })
    this.name = 'ConnectFailure'
  }
}
