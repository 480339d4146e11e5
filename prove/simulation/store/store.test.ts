// The twin in memory against PostgreSQL: the same random statements, the same answers and refusals.
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import pg from 'pg'
import { testDatabase } from '../../../test/support/database.ts'
import { shareOf } from '../chance.ts'
import type { StatementCall } from './draw.ts'
import { sequenceOf } from './sequence.ts'
import { createStore, statements, type Store } from './store.ts'

const SEQUENCES = 1_000
const root = join(import.meta.dirname, '..', '..', '..')

/** What PostgreSQL has and the twin does not: no provider of the simulation gives receipts; locks are its own. */
const untested = new Set(['service/match-receipts', 'gateway/is-gone', 'gateway/forget-keys'])

/** These return nothing, whatever they do. */
const silent = new Set([
  'gateway/record-answer',
  'gateway/log-shadow',
  'gateway/note-left-out',
  'gateway/log-rehearsals',
  'service/log-dry-run',
])

const texts = new Map(
  globSync('src/{authority,gateway,service}/sql/*.sql', { cwd: root }).map((path) => [
    `${basename(dirname(dirname(path)))}/${basename(path, '.sql')}`,
    readFileSync(join(root, path), 'utf8'),
  ]),
)

/** What statements leave behind that no other one tells. */
const LEFT = `
select 'left_out' as what, message_uuid, reason as text, null::text as more from legacy.shadow_left_out
union all select 'rehearsal', message_uuid, coalesce(left_out, ''), null from legacy.legacy_rehearsals
union all select 'unresolved', message_uuid, handed_back::text || (due_at is not null)::text, unspent_token::text
  from legacy.unresolved_messages
union all select 'log ' || source || dry_run::text, message_uuid, status || handed_back::text,
    coalesce(delivery_status, '') || (service_would is not null)::text || (legacy_did is not null)::text
  from legacy.sms_logs
union all select 'go log ' || dry_run::text, message_uuid, status, (report_at is not null)::text
  from messaging.go_sms_logs`

function leftInMemory({ tables }: Store): object[] {
  return [
    ...tables.leftOut.all().map((row) => entry('left_out', row, row.reason)),
    ...tables.rehearsals.all().map((row) => entry('rehearsal', row, row.left_out ?? '')),
    ...tables.unresolved
      .all()
      .map((row) => entry('unresolved', row, `${row.handed_back}${row.due_at !== null}`, row.unspent_token)),
    ...tables.smsLogs.all().map((row) => {
      const compared = `${row.service_would !== null}${row.legacy_did !== null}`
      const more = `${row.delivery_status ?? ''}${compared}`
      return entry(`log ${row.source}${row.dry_run}`, row, `${row.status}${row.handed_back}`, more)
    }),
    ...tables.goLogs
      .all()
      .map((row) => entry(`go log ${row.dry_run}`, row, row.status, String(row.report_at !== null))),
  ]
}

const entry = (
  what: string,
  { message_uuid }: { readonly message_uuid: string },
  text: string,
  more: string | null = null,
) => ({ what, message_uuid, text, more })

interface Outcome {
  readonly rows?: string
  readonly refused?: string
}

/** In any order, and without times: the clocks are not the same. */
function comparable(name: string, rows: readonly unknown[]): string {
  const texts = rows.map((row) => {
    const { changed_at, at_ms, dispatched_at_ms, valid_ms, now_ms, held_until, due_at, ...rest } =
      row as Record<string, unknown>
    // The server's numbers of mode changes are not taken back with their transaction.
    if (name.includes('mode')) {
      delete rest['epoch']
      delete rest['latest']
    }
    const kinds = {
      changed_at: typeof changed_at,
      at_ms: typeof at_ms,
      dispatched_at_ms: typeof dispatched_at_ms,
      now_ms: typeof now_ms,
      held_until: held_until instanceof Date,
      due_at: typeof due_at,
    }
    const entries = Object.entries({
      ...rest,
      ...kinds,
      valid: valid_ms === undefined ? 'none' : valid_ms === null,
    })
    return JSON.stringify(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)))
  })
  return texts.toSorted().join('\n')
}

function inMemory(store: Store, { name, parameters }: StatementCall): Outcome {
  try {
    return { rows: comparable(name, store.run(name, parameters, Date.UTC(2026, 0, 1))) }
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code) return { refused: error.code }
    throw error
  }
}

async function connect(url: string) {
  const types = new pg.TypeOverrides()
  types.setTypeParser(pg.types.builtins.INT8, Number)
  const client = new pg.Client({ connectionString: url, types })
  await client.connect()
  await client.query(`insert into legacy.quota_accounts (tenant, quota_limit) values ('demo', 8)`)
  return { client, [Symbol.asyncDispose]: () => client.end() }
}

describe('the store in memory', async () => {
  const database = await testDatabase()
  /** What is refused spoils the transaction: it is only taken back where the twin refuses as well. */
  async function onServer(
    client: pg.Client,
    { name, parameters }: StatementCall,
    isRefused: boolean,
  ): Promise<Outcome> {
    const text = texts.get(name) ?? ''
    if (isRefused) await client.query('savepoint before_it')
    try {
      const { rows } = await client.query({ name, text, values: [...parameters] })
      return { rows: comparable(name, rows) }
    } catch (error) {
      if (isRefused) await client.query('rollback to savepoint before_it')
      if (error instanceof pg.DatabaseError && error.code) return { refused: error.code }
      throw error
    }
  }

  test(`answers ${SEQUENCES} random sequences as PostgreSQL does, refusals included`, async () => {
    await using server = await connect(database.adminUrl)
    const { client } = server
    const seen = new Map<string, number>()
    const refusals = new Map<string, number>()
    for (let sequence = 1; sequence <= SEQUENCES; sequence++) {
      let draws = 0
      const calls = sequenceOf(sequence, (limit) => Math.floor(shareOf(sequence, 'store', ++draws) * limit))
      const store = createStore()
      store.tables.accounts.put('demo', { tenant: 'demo', quota_limit: 8, used: 0, reserved: 0 })
      await client.query('begin')
      for (const [index, call] of calls.entries()) {
        const twin = inMemory(store, call)
        const server = await onServer(client, call, twin.refused !== undefined)
        const place = `sequence ${sequence}, statement ${index + 1}: ${call.name} ${JSON.stringify(call.parameters)}`
        assert.deepEqual(twin, server, place)
        if (server.rows !== undefined && (server.rows !== '' || silent.has(call.name)))
          seen.set(call.name, (seen.get(call.name) ?? 0) + 1)
        if (server.refused) refusals.set(server.refused, (refusals.get(server.refused) ?? 0) + 1)
      }
      const { rows: left } = await client.query(LEFT)
      const ofBoth = [comparable('left', leftInMemory(store)), comparable('left', left)]
      assert.equal(ofBoth[0], ofBoth[1], `sequence ${sequence}: what is left ${JSON.stringify(calls)}`)
      await client.query('rollback')
    }
    const unseen = Object.keys(statements).filter((name) => !seen.has(name) && !untested.has(name))
    assert.deepEqual(unseen, [], 'statements that no sequence has had an answer from')
    for (const code of ['BA001', 'BA002', '23514', '23503']) {
      assert.ok((refusals.get(code) ?? 0) > 0, `no sequence was refused with ${code}`)
    }
  })

  test('knows no statement that the sources do not have', () => {
    assert.deepEqual(
      Object.keys(statements).filter((name) => !texts.has(name)),
      [],
    )
  })

  test('a statement it does not know fails loudly', () => {
    assert.throws(() => createStore().run('authority/unknown', [], 0), /authority\/unknown is not known/)
  })
})
