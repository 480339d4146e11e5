// What the two naive programs share.
import type pg from 'pg'

export function naiveSetting(name: string): string {
  const value = process.env[name]
  if (value === undefined) throw new Error(`naive form: ${name} is not set: it is started by npm run bench`)
  return value
}

export async function inTransaction<Result>(
  database: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await database.connect()
  try {
    await client.query('begin')
    const result = await work(client)
    await client.query('commit')
    return result
  } catch (error) {
    await client.query('rollback')
    throw error
  } finally {
    client.release()
  }
}
