// The load generator: a process of its own that takes orders over its channel. Keep-alive connections, one for each
// caller; a caller sends its next request when it has the answer to the last (a closed loop).
import { Pool } from 'undici'
import { bodyFor, pathOf, statusesIn } from './load-body.ts'
import type { LoadOrder, LoadResult, LoadTarget } from './load-order.ts'
import { quantile } from './statistics.ts'

interface Tally {
  readonly target: LoadTarget
  readonly latenciesMs: number[]
  readonly messages: Record<string, number>
}

const REQUEST_MAX_MS = 30_000
let requests = 0
const pools = new Map<string, Pool>()

function poolFor(url: string): Pool {
  const pool =
    pools.get(url) ??
    new Pool(url, {
      connections: 512,
      pipelining: 1,
      headersTimeout: REQUEST_MAX_MS,
      bodyTimeout: REQUEST_MAX_MS,
    })
  pools.set(url, pool)
  return pool
}

async function requestOnce({ target, latenciesMs, messages }: Tally): Promise<void> {
  const body = bodyFor(target)
  const headers = {
    'content-type': 'application/json',
    ...(target.keys ? { authorization: `Bearer ${target.keys[requests++ % target.keys.length]}` } : {}),
  }
  const startMs = performance.now()
  const answer = await poolFor(target.url).request({
    method: 'POST',
    path: pathOf[target.api],
    headers,
    body,
  })
  const text = await answer.body.text()
  latenciesMs.push(performance.now() - startMs)
  for (const status of statusesIn(target, answer.statusCode, text))
    messages[status] = (messages[status] ?? 0) + 1
}

async function runLoad({ targets, callers, timeMaxMs, requestsMax }: LoadOrder): Promise<LoadResult> {
  const tallies = targets.map((target): Tally => ({ target, latenciesMs: [], messages: {} }))
  const startMs = performance.now()
  let started = 0
  async function call(): Promise<void> {
    while (started < requestsMax && performance.now() - startMs < timeMaxMs) {
      const tally = tallies[started++ % tallies.length]
      if (tally) await requestOnce(tally)
    }
  }
  await Promise.all(Array.from({ length: callers }, call))
  const elapsedMs = performance.now() - startMs
  return {
    elapsedMs,
    targets: tallies.map(({ target: { label }, latenciesMs, messages }) => {
      const sorted = Float64Array.from(latenciesMs).sort()
      return {
        label,
        requests: sorted.length,
        messages,
        p50Ms: quantile(sorted, 0.5),
        p99Ms: quantile(sorted, 0.99),
      }
    }),
  }
}

process.on('message', (order: LoadOrder) => {
  runLoad(order).then(
    (result) => process.send?.({ result }),
    (error: unknown) =>
      process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
