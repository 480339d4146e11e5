import type { Socket } from 'node:net'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import fastify, { type FastifyError, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { PROBLEM_TYPE, problem } from './problem.ts'

const BODY_MAX_BYTES = 64 * 1024

/** An HTTP server whose every error is a problem document; it writes no log line for a request that went well. */
export function createHttpApp(log: Logger) {
  const onError = (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void => {
    const status = error.statusCode ?? 500
    if (status >= 500) log.error({ err: error, method: request.method, url: request.url }, 'request failed')
    const detail = status >= 500 ? 'the carrier sandbox failed: its log says why' : error.message
    sendProblem(reply, status, detail)
  }
  const app = fastify({
    bodyLimit: BODY_MAX_BYTES,
    forceCloseConnections: true,
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: false } },
    frameworkErrors: onError,
    clientErrorHandler: refuseUnreadable,
  }).withTypeProvider<TypeBoxTypeProvider>()
  app.setErrorHandler(onError)
  app.setNotFoundHandler((request, reply) => {
    sendProblem(reply, 404, `no such resource: ${request.method} ${request.url}`)
  })
  return app
}

export type HttpApp = ReturnType<typeof createHttpApp>

export function sendProblem(reply: FastifyReply, status: number, detail: string): FastifyReply {
  return reply
    .code(status)
    .header('content-type', PROBLEM_TYPE)
    .serializer(JSON.stringify)
    .send(problem(status, detail))
}

/** Answers bytes that are no HTTP request, where no reply object exists yet. */
function refuseUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const body = JSON.stringify(problem(400, `cannot read the request: ${error.code ?? error.message}`))
  socket.end(
    `HTTP/1.1 400 Bad Request\r\ncontent-type: ${PROBLEM_TYPE}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}
