// A backup of a database and the way back to it, as an operator does it: programs find the old state under the old
// address.
import { randomBytes } from 'node:crypto'
import { after } from 'node:test'
import pg from 'pg'
import type { TestDatabase } from './database.ts'

export interface DatabaseCopy {
  /** The copy under a name of its own, which no program knows yet. */
  readonly adminUrl: string
  /** Puts the copy in the place of the database; what happened since is gone. */
  readonly restore: () => Promise<void>
}

/** Copies the database as it is at this moment; its sessions are cut for it, as by a server that restarts. */
export async function copyDatabase({ adminUrl }: TestDatabase): Promise<DatabaseCopy> {
  const name = new URL(adminUrl).pathname.slice(1)
  const [copy, lost] = [`baton_test_${random()}`, `baton_test_${random()}`]
  const server = new URL(adminUrl)
  server.pathname = '/postgres'
  const url = new URL(adminUrl)
  url.pathname = `/${copy}`
  const run = (...texts: string[]) => onServer(server.href, texts)
  await closed(run, name, [`create database ${copy} template ${name}`])
  after(() =>
    run(`drop database if exists ${copy} with (force)`, `drop database if exists ${lost} with (force)`),
  )
  return {
    adminUrl: url.href,
    async restore() {
      await closed(run, name, [`alter database ${name} rename to ${lost}`])
      await closed(run, copy, [`alter database ${copy} rename to ${name}`])
      await run(`alter database ${name} allow_connections true`)
    },
  }
}

const random = (): string => randomBytes(6).toString('hex')

/** Does it while nobody is connected to that database and nobody can connect. */
async function closed(
  run: (...texts: string[]) => Promise<void>,
  name: string,
  texts: readonly string[],
): Promise<void> {
  await run(`alter database ${name} allow_connections false`)
  await run(
    `select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '${name}'`,
    ...texts,
  )
  await run(`alter database ${name} allow_connections true`).catch(() => {}) // it has another name now
}

async function onServer(url: string, texts: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    for (const text of texts) await client.query(text)
  } finally {
    await client.end()
  }
}
