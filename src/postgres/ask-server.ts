import { readFileSync, realpathSync } from 'node:fs'
import { Client, DatabaseError } from 'pg'
import type { ClusterHome } from './cluster-home.ts'
import { ADMIN } from './initialise-cluster.ts'

export type Answer =
  | { readonly kind: 'answers'; readonly adminUrl: string }
  | { readonly kind: 'silent'; readonly why: string }
  /** A server, but not this cluster's, or no longer with the password in the directory. */
  | { readonly kind: 'stranger'; readonly why: string }

const INVALID_PASSWORD = '28P01'
const TOO_MANY_CONNECTIONS = '53300'

/** Logs in and asks which data directory the server works on. Takes at most twice the timeout. */
export async function askServer(home: ClusterHome, port: number, timeoutMs = 2_000): Promise<Answer> {
  const adminUrl = adminUrlOf(home, port)
  const client = new Client({
    connectionString: adminUrl,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    application_name: 'baton-starter',
  })
  client.on('error', () => {}) // the failed call tells
  try {
    await client.connect()
    const { rows } = await client.query<{ path: string }>("select current_setting('data_directory') as path")
    const path = rows[0]?.path ?? ''
    if (realpathSync(path) === home.data) return { kind: 'answers', adminUrl }
    return { kind: 'stranger', why: `it works on ${path}` }
  } catch (error) {
    return judge(error, adminUrl)
  } finally {
    void client.end().catch(() => {})
  }
}

function adminUrlOf(home: ClusterHome, port: number): string {
  const password = readFileSync(home.passwordFile, 'utf8').trim()
  return `postgres://${ADMIN}:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`
}

function judge(error: unknown, adminUrl: string): Answer {
  const why = error instanceof Error ? error.message : String(error)
  if (!(error instanceof DatabaseError)) return { kind: 'silent', why }
  // It is too busy even for its administrator, which is no reason to restart it.
  if (error.code === TOO_MANY_CONNECTIONS) return { kind: 'answers', adminUrl }
  return { kind: error.code === INVALID_PASSWORD ? 'stranger' : 'silent', why }
}
