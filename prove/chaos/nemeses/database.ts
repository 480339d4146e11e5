// The database crashes and comes back, forgets commits that nobody forced, is full, read-only, or has no connection
// left.
import pg from 'pg'
import { roles } from '../../../src/db/migrate.ts'
import type { Nemesis, Stage } from '../nemesis.ts'
import { pause } from '../seeded.ts'

export const crashes: Nemesis = {
  name: 'database crashes',
  async run(stage, signal) {
    const { fleet, tally, inTurn } = stage
    const own = stage.seeded.branch('crashes')
    while (!signal.aborted) {
      await pause(own.between(9_000, 16_000), signal)
      if (signal.aborted) return
      const isLoop = own.chance(0.15)
      await inTurn(async () => {
        for (let left = isLoop ? 3 : 1; left > 0 && !signal.aborted; left--) {
          const kind = own.pick(['immediate', 'kill_all', 'immediate', 'kill_backend'] as const)
          await scribble(stage)
          await fleet.cluster.crash(kind)
          tally.count('database crash')
          tally.count(`database ${kind}`)
          await readScribbles(stage)
        }
        if (isLoop) tally.count('database restart loop')
      })
    }
  },
}

const SCRIBBLES = 20

/** Commits of the service's role that nobody forces: they show whether the server forgets such ones at all. */
async function scribble({ fleet, tally }: Stage): Promise<void> {
  const client = new pg.Client({ connectionString: fleet.databaseUrl })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query(`set role ${roles.service}`)
    for (const { name, setting } of await settingsOf(client)) await client.query(`set ${name} = ${setting}`)
    for (let n = 0; n < SCRIBBLES; n++)
      await client.query(`insert into chaos.scribbles (written) values (${Date.now()}) returning 1`)
    tally.count('careless commits acknowledged', SCRIBBLES)
  } catch {
    // The database is in another fault just now; there is nothing to witness.
  } finally {
    void client.end().catch(() => {})
  }
}

/** What the role would have got at log-in. */
async function settingsOf(client: pg.Client): Promise<{ name: string; setting: string }[]> {
  const { rows } = await client.query<{ name: string; setting: string }>(
    `select split_part(one, '=', 1) as name, split_part(one, '=', 2) as setting
     from pg_db_role_setting s, unnest(s.setconfig) as one
     where s.setrole in (0, (select oid from pg_roles where rolname = '${roles.service}'))
       and s.setdatabase in (0, (select oid from pg_database where datname = current_database()))
       and one like 'synchronous_commit=%'`,
  )
  return rows
}

async function readScribbles({ fleet, tally }: Stage): Promise<void> {
  const rows = await fleet.ask<{ n: number }>('select count(*) as n from chaos.scribbles').catch(() => [])
  const kept = rows[0]?.n
  const written = tally.of('careless commits acknowledged')
  const forgotten = tally.of('careless commits forgotten')
  if (kept !== undefined && written - forgotten > kept)
    tally.count('careless commits forgotten', written - forgotten - kept)
}

/** What an administrator may do in good faith; the next crash shows whether an acknowledged claim went with it. */
export const carelessSettings: Nemesis = {
  name: 'synchronous_commit off',
  async run({ fleet, tally, seeded }, signal) {
    const own = seeded.branch('careless')
    const ways = [
      [
        'alter role',
        `alter role ${roles.service} set synchronous_commit = off; alter role ${roles.gateway} set synchronous_commit = off`,
      ],
      ['alter database', 'alter database baton set synchronous_commit = off'],
      ['alter system', 'alter system set synchronous_commit = off'],
    ] as const
    while (!signal.aborted) {
      await pause(own.between(2_000, 8_000), signal)
      if (signal.aborted) break
      const [name, text] = own.pick(ways)
      if (await tried(fleet.ask(text))) {
        tally.count(`synchronous_commit off by ${name}`)
        await tried(fleet.ask('select pg_reload_conf()'))
      }
      await pause(own.between(15_000, 30_000), signal)
      if (own.chance(0.5)) await restore(fleet)
    }
    await restore(fleet)
  },
}

async function restore(fleet: Stage['fleet']): Promise<void> {
  for (const text of [
    `alter role ${roles.service} reset synchronous_commit`,
    `alter role ${roles.gateway} reset synchronous_commit`,
    'alter database baton reset synchronous_commit',
    'alter system reset synchronous_commit',
    'alter system reset default_transaction_read_only',
    'select pg_reload_conf()',
  ])
    await tried(fleet.ask(text))
}

async function tried(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  )
}

/** Statements that hold connections, a server without any left, and one that may only be read. */
export const exhaustion: Nemesis = {
  name: 'exhaustion',
  async run({ fleet, tally, inTurn, seeded }, signal) {
    const own = seeded.branch('exhaustion')
    while (!signal.aborted) {
      await pause(own.between(8_000, 16_000), signal)
      if (signal.aborted) break
      const kind = own.pick(['locked ledger', 'no connection left', 'read-only'] as const)
      const forMs = own.between(1_000, 6_500)
      await inTurn(async () => {
        if (await exhaust(fleet, kind, forMs, signal)) tally.count(kind)
      })
    }
  },
}

async function exhaust(
  fleet: Stage['fleet'],
  kind: 'locked ledger' | 'no connection left' | 'read-only',
  forMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  if (kind === 'read-only') {
    const text = 'alter system set default_transaction_read_only = on'
    const isSet = (await tried(fleet.ask(text))) && (await tried(fleet.ask('select pg_reload_conf()')))
    await pause(forMs, signal)
    await restore(fleet)
    return isSet
  }
  const clients = await connectMany(fleet.databaseUrl, kind === 'locked ledger' ? 1 : 200)
  const [client] = clients
  if (kind === 'locked ledger' && client) {
    const text = 'begin; lock table messaging.execution_authority in access exclusive mode'
    await tried(client.query(text))
  }
  await pause(forMs, signal)
  await Promise.all(clients.map((one) => tried(one.end())))
  return clients.length > 0
}

/** As many connections as the server gives, up to `most`. */
async function connectMany(url: string, most: number): Promise<pg.Client[]> {
  const clients: pg.Client[] = []
  while (clients.length < most) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
    client.on('error', () => {})
    if (!(await tried(client.connect()))) break
    clients.push(client)
  }
  return clients
}
