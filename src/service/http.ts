import type { FastifyReply } from 'fastify'
import type { Logger } from 'pino'
import type { Problem } from '../contract/problem.ts'
import {
  ServiceRequest,
  ServiceResponse,
  type ServiceError,
  type ServiceMessage,
  type ServiceResult,
} from '../contract/service-api.ts'
import type { Database } from '../db/database.ts'
import { addMetrics, type Metrics } from '../http/metrics.ts'
import { createServer, problem, type Server } from '../http/server.ts'
import type { Acceptance } from './accept.ts'
import { authenticateCalls } from '../http/authenticate-calls.ts'
import { answerDryRun } from './dry-run.ts'
import type { Forecast } from './forecast.ts'
import { rejectUnacceptable } from './reject.ts'

const BODY_BYTES_MAX = 8 * 1024 * 1024

export interface ServiceServerOptions {
  readonly database: Database
  readonly accept: (messages: readonly ServiceMessage[]) => Promise<Acceptance[]>
  readonly isRoutable: (message: ServiceMessage) => boolean
  readonly forecast: Forecast
  /** Adds the other routes, before the server listens. */
  readonly extend: (server: Server) => void
  readonly log: Logger
  /** Shared with the gateway; null: every caller is trusted. */
  readonly secret: string | null
  /** What `/metrics` tells. */
  readonly metrics: Metrics
}

/** The messaging service's HTTP side: `POST /v1/messages`, `GET /healthz`, `GET /metrics`. */
export function createServiceServer(options: ServiceServerOptions): Server {
  const { database, accept, isRoutable, forecast, extend, log, secret, metrics } = options
  const server = createServer({ log, bodyBytesMax: BODY_BYTES_MAX, writeProblem: writeEnvelope })
  if (secret !== null) authenticateCalls(server, secret)
  addMetrics(server, metrics)
  extend(server)

  server.get('/healthz', async () => {
    await database.run(ping).catch((cause: unknown) => {
      throw problem(503, 'database_away', 'messaging service: the database cannot be asked', { cause })
    })
    return { status: 'ok', service: 'baton-messaging' }
  })

  server.post(
    '/v1/messages',
    { schema: { body: ServiceRequest, response: { 200: ServiceResponse } } },
    async ({ body: { dry_run, messages } }) => {
      const { acceptable, rejected } = await rejectUnacceptable(database, messages, dry_run, isRoutable)
      if (dry_run) {
        const shadowed = acceptable.length > 0 ? await answerDryRun(database, log, acceptable, forecast) : []
        const byUuid = new Map(messages.map((message) => [message.message_uuid, message]))
        const foretold = rejected.map((result): ServiceResult => {
          const message = byUuid.get(result.message_uuid)
          return message ? { ...result, would: forecast(message, result.reason) } : result
        })
        return { results: [...shadowed, ...foretold] }
      }
      const acceptances = await accept(acceptable)
      const results: ServiceResult[] = [...rejected]
      const unresolved: string[] = []
      acceptable.forEach(({ message_uuid }, index) => {
        const acceptance = acceptances[index] ?? 'unresolved'
        if (acceptance === 'unresolved') unresolved.push(message_uuid)
        else results.push(resultOf(message_uuid, acceptance))
      })
      return unresolved.length > 0 ? { results, unresolved } : { results }
    },
  )
  return server
}

function resultOf(message_uuid: string, acceptance: Exclude<Acceptance, 'unresolved'>): ServiceResult {
  return acceptance === 'stopped'
    ? { message_uuid, status: 'rejected', reason: 'to: has opted out' }
    : { message_uuid, status: acceptance }
}

const ping = { name: 'service/ping', text: 'select 1' }

function writeEnvelope(reply: FastifyReply, { status, code, detail }: Problem): unknown {
  const envelope: ServiceError = { service: 'baton-messaging', error: { code, message: detail } }
  return reply.code(status).header('content-type', 'application/json').send(envelope)
}
