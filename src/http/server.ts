import Fastify, { LogController, type FastifyError, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { HttpProblem, PROBLEM_MEDIA_TYPE, type Problem } from '../contract/problem.ts'
import { isStorableText } from '../contract/text.ts'
import { refuseUnreadable } from './unreadable-request.ts'

export interface ServerOptions {
  readonly log: Logger
  readonly bodyBytesMax: number
  /** Whether closing the server cuts requests in flight as well, not only idle connections. */
  readonly cutsOnClose?: boolean
  /** How a problem is written to the wire; the service puts it into an envelope of its own. */
  readonly writeProblem?: (reply: FastifyReply, problem: Problem) => unknown
}

/** A fastify server that takes input strictly as it is (no coercion, no dropped fields) and speaks RFC 9457. */
export function createServer(options: ServerOptions) {
  const { log, bodyBytesMax, cutsOnClose = false, writeProblem = writeDocument } = options
  function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): unknown {
    const place = { method: request.method, path: pathOf(request.url) }
    if (error instanceof HttpProblem) {
      if (error.problem.status >= 500) log.warn({ err: error, ...place }, 'not available')
      return writeProblem(reply.headers(error.headers), error.problem)
    }
    const status = error.statusCode ?? 500
    if (status < 500) return writeProblem(reply, invalidInput(error, status))
    log.error({ err: error, ...place }, 'request failed')
    return writeProblem(reply, toProblem(500, 'internal', 'the request failed; the log says why'))
  }

  const server = Fastify({
    // The programs say themselves where they listen; of fastify only warnings are wanted.
    loggerInstance: log.child({}, { level: log.isLevelEnabled('info') ? 'warn' : log.level }),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: bodyBytesMax,
    forceCloseConnections: cutsOnClose ? true : 'idle',
    clientErrorHandler: refuseUnreadable,
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply),
    requestTimeout: 30_000,
    ajv: {
      customOptions: {
        removeAdditional: false,
        coerceTypes: false,
        useDefaults: false,
        allErrors: false,
        formats: { 'storable-text': isStorableText },
      },
    },
  }).withTypeProvider<TypeBoxTypeProvider>()

  server.removeContentTypeParser('text/plain') // JSON alone: anything else is 415

  server.setNotFoundHandler((request, reply) => {
    const detail = `no such resource: ${request.method} ${pathOf(request.url)}`
    return writeProblem(reply, toProblem(404, 'not_found', detail))
  })
  server.setErrorHandler(answerError)
  return server
}

export type Server = ReturnType<typeof createServer>

/** Shorthand for the problems that handlers throw. */
export function problem(
  status: number,
  code: string,
  detail: string,
  options: { headers?: Record<string, string>; cause?: unknown } = {},
): HttpProblem {
  return new HttpProblem({ title: titleOf(status), status, code, detail }, options)
}

function invalidInput(error: FastifyError, status: number): Problem {
  const code = error.validation ? 'invalid_input' : codeOf(error)
  const errors = error.validation?.map(({ instancePath, message, params, keyword }) => ({
    field: instancePath.replaceAll('/', '.').replace(/^\./, '') || '(body)',
    message:
      keyword === 'additionalProperties'
        ? `unknown field: ${String(params['additionalProperty'])}`
        : (message ?? 'is not valid'),
  }))
  const detail = errors?.map(({ field, message }) => `${field}: ${message}`).join('; ') ?? error.message
  return { ...toProblem(status, code, detail), ...(errors ? { errors } : {}) }
}

function codeOf({ code }: FastifyError): string {
  return code === 'FST_ERR_CTP_BODY_TOO_LARGE' ? 'body_too_large' : 'malformed_request'
}

function toProblem(status: number, code: string, detail: string): Problem {
  return { type: `urn:baton:problem:${code}`, title: titleOf(status), status, code, detail }
}

const titles: Readonly<Record<number, string>> = {
  400: 'Invalid request',
  401: 'Not authenticated',
  402: 'Quota exhausted',
  403: 'Not allowed',
  404: 'Not found',
  409: 'Conflict',
  413: 'Body too large',
  415: 'Unsupported media type',
  422: 'Idempotency key reused',
  503: 'Not available',
}

function titleOf(status: number): string {
  return titles[status] ?? (status >= 500 ? 'Internal error' : 'Request refused')
}

function writeDocument(reply: FastifyReply, document: Problem): unknown {
  return reply
    .code(document.status)
    .header('content-type', PROBLEM_MEDIA_TYPE)
    .serializer(JSON.stringify)
    .send(document)
}

function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? url
}
