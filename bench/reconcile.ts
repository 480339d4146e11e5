// Reconciliation of a million messages on each side, against fetching both lists and comparing them.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
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
import { median } from './statistics.ts'

interface ReconcileRow {
  readonly what: string
  readonly ms: number
  /** How many times as long the naive comparison takes, in the same round. */
  readonly times: number
  readonly found: number
  readonly invented: number
  /** Most resident memory of its process while it ran, less what it had before. */
  readonly memoryMb: number
}

const DATABASE = 'baton_bench_reconcile'
const DAY_MS = 86_400_000
const ROUNDS = 3
const MEMORY_EVERY_MS = 10
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024
const execute = promisify(execFile)
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

interface Form {
  readonly what: string
  readonly measure: (planted: readonly string[]) => Promise<Measured>
}

async function measureAll(admin: Database, url: string, messages: number): Promise<ReconcileRow[]> {
  const startMs = Date.now() - 2 * DAY_MS
  await populate({ admin }, { messages, startMs, spanMs: DAY_MS, isAllOn: true })
  await admin.run({ name: '', text: 'vacuum analyze' })
  const form = (what: string, question: Question, isFull: boolean): Form => ({
    what,
    measure: (planted) =>
      measure(planted, () =>
        reconcile({ legacy: admin, messaging: admin, question, window: everything, isFull }),
      ),
  })
  const naive: Form = { what: 'fetch both lists and compare', measure: (planted) => fetchBoth(planted, url) }
  const clean = await inTurn([], naive, [
    form('both lists, nothing remembered, 0 planted', lists, true),
    form('lists, quota and ledger, nothing remembered', reconciliation, true),
    form('lists, quota and ledger, unchanged, 0 planted', reconciliation, false),
  ])
  const planted = await plant(admin, messages, 100)
  const changed = await inTurn(planted, naive, [
    form('both lists, nothing remembered, 100 planted', lists, true),
    form('lists, quota and ledger, unchanged, 100 planted', reconciliation, false),
  ])
  return [...changed, ...clean.slice(1)]
}

interface Measured {
  readonly ms: number
  readonly found: number
  readonly invented: number
  readonly memoryMb: number
}

/** All forms in turn, round by round after one round that does not count, in which what can be is remembered. */
async function inTurn(
  planted: readonly string[],
  naive: Form,
  forms: readonly Form[],
): Promise<ReconcileRow[]> {
  const rounds: Map<Form, Measured>[] = []
  for (let round = 0; round <= ROUNDS; round++) {
    const measured = new Map<Form, Measured>()
    for (const form of [naive, ...forms]) measured.set(form, await form.measure(planted))
    rounds.push(measured)
  }
  return [naive, ...forms].map((form): ReconcileRow => {
    const all = rounds.flatMap((measured) => measured.get(form) ?? [])
    const counted = rounds.slice(1)
    const msOf = (one: Form) => counted.map((measured) => measured.get(one)?.ms ?? NaN)
    return {
      what: form.what,
      ms: median(msOf(form)),
      times: median(msOf(naive).map((ms, round) => ms / (msOf(form)[round] ?? NaN))),
      found: Math.min(...all.map(({ found }) => found)),
      invented: Math.max(...all.map(({ invented }) => invented)),
      memoryMb: Math.max(...all.map(({ memoryMb }) => memoryMb)),
    }
  })
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
  const uuids = findings.map(({ messageUuid }) => messageUuid)
  return { ms, memoryMb: mostMb - beforeMb, ...judge(planted, uuids) }
}

const residentMb = (): number => process.memoryUsage.rss() / 2 ** 20

/** In a process of its own: this one never holds a list, so that its memory tells. */
async function fetchBoth(planted: readonly string[], url: string): Promise<Measured> {
  const { stdout } = await execute(process.execPath, [join(import.meta.dirname, 'naive-lists.ts')], {
    env: { ...process.env, BATON_BENCH_URL: url },
    maxBuffer: OUTPUT_BYTES_MAX,
  })
  const { ms, memoryMb, alone } = JSON.parse(stdout) as { ms: number; memoryMb: number; alone: string[] }
  return { ms, memoryMb, ...judge(planted, alone) }
}

function judge(planted: readonly string[], uuids: readonly string[]): Pick<Measured, 'found' | 'invented'> {
  const found = new Set(uuids)
  const right = planted.filter((uuid) => found.has(uuid)).length
  return { found: right, invented: found.size - right }
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
