import { createHash } from 'node:crypto'
import type { Database } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import { problem } from '../http/server.ts'

export type Scope = 'send' | 'operate'

export interface Caller {
  readonly tenant: string
  readonly scopes: readonly Scope[]
  readonly label: string
}

/** Finds who an `Authorization` header stands for, or throws a 401 or 403 problem. */
export type Authenticate = (authorization: string | undefined, scope: Scope) => Promise<Caller>

const find = statement<{ tenant: string; scopes: Scope[]; label: string }>(
  import.meta.url,
  './sql/authenticate.sql',
)

const CACHE_MS = 1_000
const CACHE_MAX = 10_000

/** Keys are stored as SHA-256 only. A found key is remembered for a second: so long a revocation may take. */
export function createAuthenticate(
  database: Database,
  now: () => number = performance.now.bind(performance),
): Authenticate {
  const cache = new Map<string, { caller: Caller; untilMs: number }>()

  async function lookUp(key: string): Promise<Caller | undefined> {
    const hash = createHash('sha256').update(key).digest()
    const cacheKey = hash.toString('base64')
    const cached = cache.get(cacheKey)
    if (cached && cached.untilMs > now()) return cached.caller
    const [row] = await database.run(find, [hash]).catch((cause: unknown) => {
      throw problem(503, 'database_away', 'keys: the database cannot be asked; nothing was sent', { cause })
    })
    cache.delete(cacheKey)
    if (row) {
      if (cache.size >= CACHE_MAX) cache.clear()
      cache.set(cacheKey, { caller: row, untilMs: now() + CACHE_MS })
    }
    return row
  }

  return async (authorization, scope) => {
    const key = /^Bearer ([\x21-\x7e]{1,256})$/i.exec(authorization ?? '')?.[1]
    const caller = key === undefined ? undefined : await lookUp(key)
    if (!caller) {
      const headers = { 'www-authenticate': 'Bearer' }
      const detail =
        authorization === undefined ? 'no key: send Authorization: Bearer KEY' : 'the key is not known'
      throw problem(401, 'not_authenticated', detail, { headers })
    }
    if (!caller.scopes.includes(scope)) {
      throw problem(
        403,
        'not_allowed',
        `the key ${caller.label} may not ${scope}: it has ${caller.scopes.join(', ')}`,
      )
    }
    return caller
  }
}
