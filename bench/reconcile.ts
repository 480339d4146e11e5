// Reconciliation of a million messages on each side, against fetching both lists and comparing them.
import { join } from 'node:path'
import Table from 'cli-table3'
import pg from 'pg'
import { pino } from 'pino'
import { openDatabase, type Database } from '../src/db/database.ts'
import { migrate, roles } from '../src/db/migrate.ts'
import { startCluster } from '../src/postgres/start-cluster.ts'
import { reconciliation, type Question } from '../src/reconcile/pairs.ts'
import { reconcile } from '../src/reconcile/reconcile.ts'
import type { Report } from '../src/reconcile/report.ts'
import { everything } from '../src/reconcile/window.ts'
import { populate } from '../test/support/population.ts'
import type { Benchmark } from './benchmark.ts'

interface ReconcileRow {
  readonly what: string
  readonly ms: number
  /** How many times as long the naive comparison takes. */
  readonly times: number
  readonly found: number
  readonly invented: number
  /** Most resident memory of this process while it ran, less what it had before. */
  readonly memoryMb: number
}

const DATABASE = 'baton_bench_reconcile'
const DAY_MS = 86_400_000
const ROUNDS = 3
const MEMORY_EVERY_MS = 10
/** The two lists of the definition alone, as the naive comparison fetches them. */
const lists: Question = { pairs: ['verdicts'], kinds: reconciliation.kinds }

async function benchReconcile(messages = 1_000_000): Promise<ReconcileRow[]> {
  const cluster = await startCluster({
    directory: join(import.meta.dirname, '..', '.baton', 'bench-reconcile'),
    log: pino({ level: 'warn' }, pino.destination(2)),
    settings: {},
  })
  try {
    const url = await freshDatabase(cluster.adminUrl)
    const admin = open(url)
    try {
      return await measureAll(admin, url, messages)
    } finally {
      await admin.close()
    }
  } finally {
    await cluster.stop()
  }
}

async function measureAll(admin: Database, url: string, messages: number): Promise<ReconcileRow[]> {
  const startMs = Date.now() - 2 * DAY_MS
  await populate({ admin }, { messages, startMs, spanMs: DAY_MS, isAllOn: true })
  await admin.run({ name: '', text: 'vacuum analyze' })
  const run = (question: Question, isFull: boolean) => () =>
    reconcile({ legacy: admin, messaging: admin, question, window: everything, isFull })

  const none: string[] = []
  // Reconciliation first: its memory is measured in a process that has held no list yet.
  const cold = await median(none, run(lists, true))
  const all = await median(none, run(reconciliation, true))
  await run(reconciliation, false)()
  const again = await median(none, run(reconciliation, false))
  const planted = await plant(admin, messages, 100)
  const changed = await median(planted, run(lists, true))
  await run(reconciliation, false)()
  const unchanged = await median(planted, run(reconciliation, false))
  const naive = await median(planted, () => fetchBoth(url))

  const row = (what: string, { ms, ...rest }: Measured): ReconcileRow => ({
    what,
    ms,
    times: naive.ms / ms,
    ...rest,
  })
  return [
    row('fetch both lists and compare', naive),
    row('both lists, nothing remembered, 0 planted', cold),
    row('both lists, nothing remembered, 100 planted', changed),
    row('lists, quota and ledger, nothing remembered', all),
    row('lists, quota and ledger, unchanged, 0 planted', again),
    row('lists, quota and ledger, unchanged, 100 planted', unchanged),
  ]
}

interface Measured {
  readonly ms: number
  readonly found: number
  readonly invented: number
  readonly memoryMb: number
}

/** The median of a few runs; every run is held against what was planted. */
async function median(
  planted: readonly string[],
  run: () => Promise<Pick<Report, 'findings'>>,
): Promise<Measured> {
  const runs: Measured[] = []
  for (let round = 0; round < ROUNDS; round++) runs.push(await measure(planted, run))
  const middle = runs.toSorted((a, b) => a.ms - b.ms)[ROUNDS >> 1]
  if (!middle) throw new Error('bench reconcile: nothing was measured')
  const worst = (pick: (one: Measured) => number) => Math.max(...runs.map(pick))
  return {
    ms: middle.ms,
    found: Math.min(...runs.map(({ found }) => found)),
    invented: worst(({ invented }) => invented),
    memoryMb: worst(({ memoryMb }) => memoryMb),
  }
}

async function measure(
  planted: readonly string[],
  run: () => Promise<Pick<Report, 'findings'>>,
): Promise<Measured> {
  const beforeMb = residentMb()
  let mostMb = beforeMb
  const sampling = setInterval(() => {
    mostMb = Math.max(mostMb, residentMb())
  }, MEMORY_EVERY_MS)
  const beganMs = performance.now()
  const { findings } = await run()
  const ms = performance.now() - beganMs
  clearInterval(sampling)
  mostMb = Math.max(mostMb, residentMb())
  const found = new Set(findings.map(({ messageUuid }) => messageUuid))
  const right = planted.filter((uuid) => found.has(uuid)).length
  return { ms, found: right, invented: found.size - right, memoryMb: mostMb - beforeMb }
}

const residentMb = (): number => process.memoryUsage.rss() / 2 ** 20

/** The way without any help: the two queries of the definition, compared in memory. */
async function fetchBoth(url: string): Promise<Pick<Report, 'findings'>> {
  const clients = [new pg.Client(url), new pg.Client(url)] as const
  await Promise.all(clients.map((client) => client.connect()))
  const [ours, theirs] = await Promise.all([
    clients[0].query<{ message_uuid: string }>(
      `select message_uuid from legacy.sms_logs where source = 'go'`,
    ),
    clients[1].query<{ message_uuid: string }>('select message_uuid from messaging.go_sms_logs'),
  ])
  await Promise.all(clients.map((client) => client.end()))
  const left = new Set(ours.rows.map((row) => row.message_uuid))
  const right = new Set(theirs.rows.map((row) => row.message_uuid))
  const alone = [
    ...[...left].filter((uuid) => !right.has(uuid)),
    ...[...right].filter((uuid) => !left.has(uuid)),
  ]
  const finding = {
    kind: 'missing_in_sms_logs',
    dryRun: false,
    inFlight: false,
    sms: '',
    go: '',
    detail: '',
  } as const
  return { findings: alone.map((messageUuid) => ({ ...finding, messageUuid })) }
}

/** Takes messages away at random, half from each side. */
async function plant(admin: Database, messages: number, count: number): Promise<string[]> {
  const numbers = new Set<number>()
  while (numbers.size < count) numbers.add(Math.floor(Math.random() * messages))
  const rows = await admin.run<{ message_uuid: string }>(
    { name: '', text: 'select message_uuid from population where i = any ($1::integer[])' },
    [[...numbers]],
  )
  const uuids = rows.map((row) => row.message_uuid)
  const half = uuids.length >> 1
  const remove = (table: string, from: readonly string[]) =>
    admin.run({ name: '', text: `delete from ${table} where message_uuid = any ($1::uuid[])` }, [from])
  await remove('legacy.sms_logs', uuids.slice(0, half))
  await remove('messaging.go_sms_logs', uuids.slice(half))
  return uuids
}

async function freshDatabase(adminUrl: string): Promise<string> {
  const client = new pg.Client(adminUrl)
  await client.connect()
  await client.query(`drop database if exists ${DATABASE} with (force)`)
  await client.query(`create database ${DATABASE}`)
  await client.end()
  const url = new URL(adminUrl)
  url.pathname = `/${DATABASE}`
  const passwords = { gateway: roles.gateway, service: roles.service }
  await migrate(url.href, 'legacy', passwords)
  await migrate(url.href, 'messaging', passwords)
  return url.href
}

function open(url: string): Database {
  return openDatabase({
    url,
    name: 'bench',
    connectionsMax: 4,
    connectTimeoutMs: 3_000,
    statementTimeoutMs: 300_000,
    onError: () => {},
  })
}

/** Reconciliation of a million messages on each side. */
export const reconciling: Benchmark = {
  about: 'reconciliation of 1,000,000 messages a side, against fetching both lists',
  async run({ progress, print }) {
    progress('reconciliation: fills both sides with 1,000,000 messages')
    const table = new Table({ head: ['what', 'ms', 'x naive', 'found', 'invented', 'memory added, MB'] })
    for (const { what, ms, times, found, invented, memoryMb } of await benchReconcile()) {
      table.push([what, ms.toFixed(0), times.toFixed(1), found, invented, memoryMb.toFixed(0)])
    }
    print(table.toString())
  },
}
