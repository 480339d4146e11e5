import pg from 'pg'
import { ConnectFailure, classifyFailure } from './failure.ts'
import type { Statement } from './statement.ts'

export type Parameter = string | number | boolean | null | Uint8Array | readonly Parameter[]

/** Runs statements on one connection; in a transaction all on the same. */
export interface Runner {
  run<Row>(statement: Statement<Row>, parameters?: readonly Parameter[]): Promise<Row[]>
}

export interface Database extends Runner {
  /** Runs `work` between `begin` and `commit`; rolls back when it throws. */
  transaction<Result>(work: (runner: Runner) => Promise<Result>): Promise<Result>
  /** A connection of one's own, outside the pool, for session-level locks. The caller ends it. */
  connect(): Promise<pg.Client>
  close(): Promise<void>
}

export interface DatabaseOptions {
  readonly url: string
  /** Shown in `pg_stat_activity` and in errors. */
  readonly name: string
  readonly connectionsMax: number
  readonly connectTimeoutMs: number
  /** Bound on one statement, kept by the server and, against a server that has stopped, by the client. */
  readonly statementTimeoutMs: number
  readonly onError: (error: Error) => void
}

const CLIENT_MARGIN_MS = 1_000

// bigint as a number: every one in use is a count or an epoch, far below 2^53.
const types = new pg.TypeOverrides()
types.setTypeParser(pg.types.builtins.INT8, Number)

export function openDatabase(options: DatabaseOptions): Database {
  const { name } = options
  const config: pg.ClientConfig = {
    connectionString: options.url,
    application_name: name,
    connectionTimeoutMillis: options.connectTimeoutMs,
    statement_timeout: options.statementTimeoutMs,
    query_timeout: options.statementTimeoutMs + CLIENT_MARGIN_MS,
    keepAlive: true,
    types,
  }
  const pool = new pg.Pool({ ...config, max: options.connectionsMax, idleTimeoutMillis: 30_000 })
  pool.on('error', options.onError)
  // A connection can break between two statements of a transaction, or in the very packet that completes it, before
  // whoever asked for it can listen. The next statement reports it.
  pool.on('connect', (client) => client.on('error', ignoreWhileBorrowed))

  async function withConnection<Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    const client = await pool.connect().catch((cause: unknown) => {
      throw cause instanceof pg.DatabaseError ? cause : new ConnectFailure(name, cause)
    })
    let broken = true
    try {
      const result = await work(client)
      broken = false
      return result
    } catch (error) {
      broken = classifyFailure(error) !== 'refused'
      throw error
    } finally {
      client.release(broken)
    }
  }

  return {
    run: (statement, parameters) => withConnection((client) => execute(client, statement, parameters)),
    transaction: (work) =>
      withConnection(async (client) => {
        await client.query('begin')
        try {
          const result = await work({
            run: (statement, parameters) => execute(client, statement, parameters),
          })
          await client.query('commit')
          return result
        } catch (error) {
          if (classifyFailure(error) === 'refused') await client.query('rollback')
          throw error
        }
      }),
    async connect() {
      const client = new pg.Client(config)
      await client.connect()
      return client
    },
    close: () => pool.end(),
  }
}

function ignoreWhileBorrowed(): void {}

async function execute<Row>(
  client: pg.ClientBase,
  { name, text }: Statement<Row>,
  parameters: readonly Parameter[] = [],
): Promise<Row[]> {
  const result = await client.query({ name, text, values: [...parameters] })
  return result.rows as Row[]
}
