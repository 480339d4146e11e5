import { Type } from 'typebox'
import { SendRequest } from '../contract/gateway-api.ts'
import { Uuid } from '../contract/text.ts'
import { createServer, problem, type Server, type ServerOptions } from '../http/server.ts'
import type { Authenticate } from './authenticate.ts'
import type { RequestHandler } from './handle-request.ts'
import type { MessageHistory } from './message-history.ts'
import { summarize } from './message-summary.ts'

const BODY_BYTES_MAX = 1024 * 1024

export interface GatewayServerOptions {
  readonly log: ServerOptions['log']
  readonly authenticate: Authenticate
  readonly handle: RequestHandler
  readonly history: (messageUuid: string, tenant: string | null) => Promise<MessageHistory | undefined>
  readonly ping: () => Promise<void>
  readonly recipientsMax: number
}

const IdempotencyKey = /^[\x21-\x7e]{1,255}$/

/** The gateway's HTTP side for senders: `POST /v1/sms`, `GET /v1/sms/{message_uuid}`, `GET /healthz`. */
export function createGatewayServer(options: GatewayServerOptions): Server {
  const { authenticate, handle, history, ping, recipientsMax } = options
  const server = createServer({ log: options.log, bodyBytesMax: BODY_BYTES_MAX })

  server.get('/healthz', async () => {
    await ping().catch((cause: unknown) => {
      throw problem(503, 'database_away', 'gateway: the database cannot be asked', { cause })
    })
    return { status: 'ok', service: 'baton-gateway' }
  })

  server.post('/v1/sms', {
    schema: { body: SendRequest },
    onRequest: async (request) => {
      request.caller = await authenticate(request.headers.authorization, 'send')
    },
    handler: async (request, reply) => {
      const { body, caller } = request
      if (Array.isArray(body.to) && body.to.length > recipientsMax) {
        throw problem(
          400,
          'too_many_recipients',
          `to: ${body.to.length} recipients; at most ${recipientsMax} a request`,
        )
      }
      const key = idempotencyKeyOf(request.headers['idempotency-key'])
      const { json, replayed } = await handle(caller?.tenant ?? '', body, key)
      if (replayed) reply.header('idempotency-replayed', 'true')
      return reply.code(202).header('content-type', 'application/json; charset=utf-8').send(json)
    },
  })

  server.get(
    '/v1/sms/:message_uuid',
    { schema: { params: Type.Object({ message_uuid: Uuid }) } },
    async ({ params: { message_uuid }, headers }) => {
      const caller = await authenticate(headers.authorization, 'send')
      const found = await history(message_uuid, caller.tenant)
      if (!found) throw problem(404, 'not_found', `message ${message_uuid}: is not known`)
      return summarize(found)
    },
  )
  return server
}

function idempotencyKeyOf(header: string | string[] | undefined): string | null {
  if (header === undefined) return null
  if (typeof header === 'string' && IdempotencyKey.test(header)) return header
  throw problem(400, 'invalid_input', 'Idempotency-Key: needs 1 to 255 visible ASCII characters, once')
}

declare module 'fastify' {
  interface FastifyRequest {
    caller?: Awaited<ReturnType<Authenticate>>
  }
}
