import type { FastifyReply } from 'fastify'
import type { Logger } from 'pino'
import type { Problem } from '../contract/problem.ts'
import { ServiceRequest, ServiceResponse, type ServiceError } from '../contract/service-api.ts'
import type { Database } from '../db/database.ts'
import { addMetrics, type Metrics } from '../http/metrics.ts'
import { createServer, problem, type Server } from '../http/server.ts'
import { authenticateCalls } from '../http/authenticate-calls.ts'
import type { AnswerMessages } from './answer-messages.ts'

const BODY_BYTES_MAX = 8 * 1024 * 1024

export interface ServiceServerOptions {
  readonly database: Database
  readonly answer: AnswerMessages
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
  const { database, answer, extend, log, secret, metrics } = options
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
    async ({ body }) => answer(body),
  )
  return server
}

const ping = { name: 'service/ping', text: 'select 1' }

function writeEnvelope(reply: FastifyReply, { status, code, detail }: Problem): unknown {
  const envelope: ServiceError = { service: 'baton-messaging', error: { code, message: detail } }
  return reply.code(status).header('content-type', 'application/json').send(envelope)
}
