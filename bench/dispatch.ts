import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { cpuMicroseconds } from './cpu-time.ts'
import { roles } from '../src/db/migrate.ts'
import { startSmppPeer } from '../test/providers/scripted-smpp-peer.ts'
import type { Benchmark } from './benchmark.ts'
import { connect, type Served, type Stage } from './stage.ts'
import { createDatabase, passwords, withRole } from './system.ts'

const BACKLOG = 50_000
const WINDOW = 100
const RATE = 400
const RATE_S = 10
const DRAIN_MAX_MS = 180_000

/** Dispatch with outcomes recorded; the backlog is accepted before the clock starts. */
export const dispatch: Benchmark = {
  about: 'a backlog dispatched over HTTP and SMPP with outcomes recorded; a rate held by two services',
  async run({ stage: openStage, progress, print }) {
    const stage = await openStage()
    const folder = mkdtempSync(join(tmpdir(), 'baton-dispatch-bench-'))
    stage.onClose(async () => rmSync(folder, { recursive: true, force: true }))
    let number = 0
    const centre = await startSmppPeer(() => ({ kind: 'accept', id: String(++number) }))
    stage.onClose(() => centre.close())
    const http = { name: 'http', kind: 'sandbox', options: { url: stage.sandboxUrl } }
    const smpp = { name: 'smpp', kind: 'smpp', options: { url: centre.url, systemId: 'b', password: 'b' } }

    print(
      `\nA backlog of ${BACKLOG} messages, ${WINDOW} in flight, one service; every outcome in both tables.`,
    )
    for (const provider of [http, smpp]) {
      progress(`backlog by ${provider.name}`)
      const run = await startRun(stage, folder, { ...provider, in_flight_max: WINDOW }, 1)
      const cpu = () => [run.servicePid, stage.postgresPid].map(cpuMicroseconds)
      const before = cpu()
      const seconds = await run.drain(BACKLOG)
      const [service, postgres] = cpu().map((after, n) => Math.round((after - (before[n] ?? 0)) / BACKLOG))
      print(
        `  ${provider.name.padEnd(6)}${Math.round(BACKLOG / seconds)} messages a second; ` +
          `CPU microseconds a message: service ${service}, postgres ${postgres}`,
      )
      await run.stop()
    }

    progress('a rate held by two services')
    const paced = { ...http, name: 'paced', in_flight_max: WINDOW, per_second: RATE }
    const run = await startRun(stage, folder, paced, 2)
    const dispatched = await run.during(RATE * (RATE_S + 5), RATE_S)
    const off = ((dispatched / (RATE * RATE_S) - 1) * 100).toFixed(2)
    print(`A rate of ${RATE} a second, two services, ${RATE_S} s: ${dispatched} messages, ${off} % off`)
    await run.stop()
  },
}

async function startRun(
  stage: Stage,
  folder: string,
  provider: { readonly name: string; readonly in_flight_max: number },
  services: number,
) {
  const adminUrl = await createDatabase(stage, `bench_dispatch_${provider.name}`)
  const database = await connect(adminUrl)
  const file = join(folder, `${provider.name}.json`)
  writeFileSync(file, JSON.stringify({ providers: [provider] }))
  const running: Served[] = []
  for (let n = 0; n < services; n++) {
    running.push(
      await stage.serve('bin/service.ts', 'BATON_SERVICE_PORT', {
        DATABASE_URL: withRole(adminUrl, roles.service, passwords.service),
        BATON_PROVIDERS_FILE: file,
      }),
    )
  }
  return {
    servicePid: running[0]?.pid ?? 0,
    /** Seconds from the moment the backlog is due until its last outcome is recorded. */
    async drain(messages: number): Promise<number> {
      await seed(database, provider.name, messages)
      const start = performance.now()
      await makeDue(database)
      while ((await openMessages(database)) > 0) {
        if (performance.now() - start > DRAIN_MAX_MS) throw new Error(`bench: ${provider.name}: not drained`)
        await sleep(50)
      }
      const seconds = (performance.now() - start) / 1_000
      const { rows } = await database.query<{ n: number }>(
        `select count(*)::integer as n from messaging.go_sms_logs where status = 'sent'`,
      )
      if (rows[0]?.n !== messages)
        throw new Error(`bench: ${provider.name}: ${rows[0]?.n} of ${messages} sent`)
      return seconds
    },
    /** Messages dispatched in so many seconds, a second after they were due. */
    async during(messages: number, seconds: number): Promise<number> {
      await seed(database, provider.name, messages)
      await makeDue(database)
      await sleep((seconds + 2) * 1_000)
      const { rows } = await database.query<{ n: number }>(
        `with first as (select min(dispatched_at) + interval '1 second' as at from messaging.execution_authority)
         select count(*)::integer as n from messaging.execution_authority, first
         where dispatched_at >= first.at and dispatched_at < first.at + $1 * interval '1 second'`,
        [seconds],
      )
      return rows[0]?.n ?? 0
    },
    async stop() {
      for (const service of running) await service.stop()
      await database.end()
    },
  }
}

/** What an accepted backlog looks like, not due yet. */
async function seed(database: pg.Client, lane: string, messages: number): Promise<void> {
  await database.query(
    `insert into messaging.execution_authority (message_uuid, state, holder, attempt_token, lane, route, not_before)
     select lpad(to_hex(n), 32, '0')::uuid, 'claimed', 'go', gen_random_uuid(), $1::text, array[$1::text], 'infinity'
     from generate_series(1, $2::integer) as n`,
    [lane, messages],
  )
  await database.query(
    `insert into messaging.go_sms_logs (message_uuid, dry_run, recipient, body, status)
     select message_uuid, false, '+12025550100', 'A backlog to be sent', 'accepted' from messaging.execution_authority`,
  )
  await database.query('vacuum analyze messaging.execution_authority, messaging.go_sms_logs')
}

const makeDue = (database: pg.Client) =>
  database.query('update messaging.execution_authority set not_before = now()')

async function openMessages(database: pg.Client): Promise<number> {
  const { rows } = await database.query<{ n: number }>(
    `select count(*)::integer as n from (select from messaging.execution_authority
     where holder = 'go' and state in ('claimed', 'dispatched') limit 1) as open`,
  )
  return rows[0]?.n ?? 0
}
