import { setTimeout as sleep } from 'node:timers/promises'
import Table from 'cli-table3'
import type { Benchmark } from './benchmark.ts'
import type { LoadResult, LoadTarget } from './load-order.ts'
import type { Stage } from './stage.ts'
import { median } from './statistics.ts'
import { startSystem, type System } from './system.ts'

const CALLERS = [1, 4]
const WARM_UP_MS = 1_500
const COMMIT_INTERVAL_MS = 30
const FORMS = ['direct', 'OFF', 'SHADOW'] as const
const CONDITIONS = ['healthy', 'hung', 'dead'] as const
type Condition = (typeof CONDITIONS)[number]

/** What the gateway adds to a call of the legacy driver, in OFF and in SHADOW. */
export const addedLatency: Benchmark = {
  about: 'latency that OFF and SHADOW add to the legacy driver: service healthy, hung, dead',
  async run({ extent, stage: openStage, progress, print }) {
    const stage = await openStage()
    print(`
Added latency, single messages. Requests go in turn to the legacy driver itself (the carrier
sandbox), through the gateway in OFF and through it in SHADOW, so that all three see the same moments of the
machine. The service is healthy, hung (stopped by a signal, its port still open) or dead. "one commit" is a bare
durable commit of one row on the same server at the same time: OFF and SHADOW wait for three of them in a row.`)
    const systems = new Map<Condition, System>()
    for (const condition of CONDITIONS) systems.set(condition, await startIn(stage, condition))
    const results = CALLERS.flatMap((callers) =>
      CONDITIONS.map((condition) => ({ condition, callers, rounds: [] as Round[] })),
    )
    for (let round = 0; round <= extent.rounds; round++) {
      for (const { condition, callers, rounds } of results) {
        const system = systems.get(condition)
        if (!system) continue
        const timeMaxMs = round === 0 ? WARM_UP_MS : extent.loadMs
        const result = await measureRound(stage, system, callers, timeMaxMs)
        requireSent(condition, result)
        if (round > 0) rounds.push(result)
        const when = round === 0 ? 'warm-up' : `round ${round} of ${extent.rounds}`
        progress(`${when}: service ${condition}, ${callers} callers`)
      }
    }
    print(latencyTable(results))
  },
}

interface Round extends LoadResult {
  readonly commitMs: number
}

interface Series {
  readonly condition: Condition
  readonly callers: number
  readonly rounds: readonly Round[]
}

async function measureRound(
  stage: Stage,
  system: System,
  callers: number,
  timeMaxMs: number,
): Promise<Round> {
  const commits = timeCommits(system, timeMaxMs)
  const result = await stage.load({
    targets: FORMS.map((form) => targetOf(stage, system, form)),
    callers,
    timeMaxMs,
    requestsMax: 1_000_000,
  })
  return { ...result, commitMs: await commits }
}

/** Median of bare commits, a few a second, so that they show the load without being one. */
async function timeCommits({ database }: System, timeMaxMs: number): Promise<number> {
  await database.query('create table if not exists bare_commit (at timestamptz)')
  const times: number[] = []
  const deadline = performance.now() + timeMaxMs
  while (performance.now() < deadline) {
    const startMs = performance.now()
    await database.query('insert into bare_commit values (now())')
    times.push(performance.now() - startMs)
    await sleep(COMMIT_INTERVAL_MS)
  }
  return median(times)
}

async function startIn(stage: Stage, condition: Condition): Promise<System> {
  const tenants = { OFF: 'OFF', SHADOW: 'SHADOW' } as const
  const system = await startSystem(stage, { name: condition, form: 'baton', tenants })
  if (condition === 'hung') process.kill(system.service.pid, 'SIGSTOP')
  if (condition === 'dead') await system.service.stop()
  return system
}

function targetOf(stage: Stage, system: System, form: (typeof FORMS)[number]): LoadTarget {
  return form === 'direct'
    ? { label: form, api: 'carrier', url: stage.sandboxUrl, messagesPerRequest: 1 }
    : { label: form, api: 'gateway', url: system.gateway.url, keys: [form], messagesPerRequest: 1 }
}

function requireSent(condition: Condition, { targets }: LoadResult): void {
  for (const { label, requests, messages } of targets)
    if (messages['sent'] !== requests)
      throw new Error(`latency, service ${condition}: ${label}: not all sent: ${JSON.stringify(messages)}`)
}

/** Medians over the rounds; what is added is the median of the rounds' own differences. */
function latencyTable(results: readonly Series[]): string {
  const table = new Table({
    head: [
      'service',
      'callers',
      'path',
      'requests',
      'p50 ms',
      'p99 ms',
      'added p50',
      'added p99',
      'p50 over OFF',
      'one commit',
    ],
    style: { head: [], border: [], compact: true },
    colAligns: ['left', 'right', 'left', ...Array.from({ length: 7 }, () => 'right' as const)],
  })
  for (const { condition, callers, rounds } of results) {
    FORMS.forEach((form, index) => {
      const of = (quantity: 'p50Ms' | 'p99Ms' | 'requests', at: number): number[] =>
        rounds.map(({ targets }) => targets[at]?.[quantity] ?? Number.NaN)
      const less = (quantity: 'p50Ms' | 'p99Ms', at: number): string =>
        median(of(quantity, index).map((value, round) => value - (of(quantity, at)[round] ?? 0))).toFixed(2)
      table.push([
        condition,
        callers,
        form,
        of('requests', index).reduce((sum, count) => sum + count, 0),
        median(of('p50Ms', index)).toFixed(2),
        median(of('p99Ms', index)).toFixed(2),
        form === 'direct' ? '-' : less('p50Ms', 0),
        form === 'direct' ? '-' : less('p99Ms', 0),
        form === 'SHADOW' ? less('p50Ms', 1) : '-',
        median(rounds.map(({ commitMs }) => commitMs)).toFixed(2),
      ])
    })
  }
  return table.toString()
}
