import { Histogram, type Registry } from 'prom-client'
import type { IncomingHttpHeaders } from 'node:http'
import type { Server } from './server.ts'

const BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

export interface Metrics {
  readonly registry: Registry
  /** Brings the figures up to date; they are set together, so that no answer mixes two moments. */
  readonly refresh: () => Promise<void>
}

/**
 * `GET /metrics` in the format of Prometheus, and the time of every answer by route: the route's pattern, never
 * its parameters. `guard` throws for whoever may not read.
 */
export function addMetrics(
  server: Server,
  { registry, refresh }: Metrics,
  guard: (headers: IncomingHttpHeaders) => Promise<unknown> = () => Promise.resolve(),
): void {
  const durations = new Histogram({
    name: 'baton_http_request_duration_seconds',
    help: 'Time from a request to its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: BUCKETS_S,
    registers: [registry],
  })
  server.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none'
    const labels = { method: request.method, route, status: `${Math.floor(reply.statusCode / 100)}xx` }
    durations.observe(labels, reply.elapsedTime / 1_000)
  })
  server.get('/metrics', async (request, reply) => {
    await guard(request.headers)
    await refresh()
    return reply.header('content-type', registry.contentType).send(await registry.metrics())
  })
}
