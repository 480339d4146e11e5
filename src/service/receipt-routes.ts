import type { FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { Database } from '../db/database.ts'
import { problem, type Server } from '../http/server.ts'
import type { SmsProvider } from '../providers/provider.ts'
import type { RawRequest } from '../providers/receipt.ts'
import type { Counters } from './counters.ts'
import { storeReceipts } from './receipts.ts'

export interface ReceiptRoutesOptions {
  readonly database: Database
  readonly providers: readonly SmsProvider[]
  /** Origin under which vendors reach this service; null: the one the request names. */
  readonly publicUrl: string | null
  readonly counters: Counters
  /** Receipts are stored: match them. */
  readonly onStored: () => void
  readonly log: Logger
}

const BODY_BYTES_MAX = 256 * 1024

/**
 * `POST /receipts/{provider}[/...]`: vendors' callbacks. They are judged over the very bytes that came, stored, and
 * answered 202 whatever message they are about; what is not authentic is answered 401 and has no effect.
 */
export function addReceiptRoutes(server: Server, options: ReceiptRoutesOptions): void {
  const { database, providers, counters, onStored, log } = options
  const byName = new Map(providers.map((provider) => [provider.name, provider]))

  async function take(request: FastifyRequest<{ Params: { provider: string } }>): Promise<string | object> {
    const { provider: name } = request.params
    const provider = byName.get(name)
    if (provider?.receipts.kind !== 'webhook') {
      throw problem(404, 'not_found', `receipts: ${JSON.stringify(name)} is no provider that calls back`)
    }
    const reading = provider.receipts.read(rawOf(request, options.publicUrl), new Date())
    switch (reading.kind) {
      case 'receipts': {
        const fresh = await storeReceipts(database, name, reading.receipts).catch((cause: unknown) => {
          throw problem(503, 'database_away', 'receipts: not stored; send it again', { cause })
        })
        counters.count('receipts_stored', fresh)
        counters.count('receipts_repeated', reading.receipts.length - fresh)
        if (fresh > 0) onStored()
        return { stored: fresh }
      }
      case 'handshake':
        if (reading.visitUrl !== undefined)
          log.warn(
            { provider: name, url: reading.visitUrl },
            'receipts: visit this address once to confirm the subscription',
          )
        return reading.reply ?? {}
      case 'not_authentic':
        counters.count('receipts_forged', 1)
        log.warn({ provider: name, reason: reading.reason }, 'receipt refused')
        throw problem(401, 'not_authenticated', 'receipts: the signature does not hold')
      case 'unreadable':
        counters.count('receipts_unreadable', 1)
        log.warn({ provider: name, reason: reading.reason }, 'receipt not understood')
        return {}
    }
  }

  // A scope of its own: here alone bodies stay bytes.
  server.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(
      '*',
      { parseAs: 'buffer', bodyLimit: BODY_BYTES_MAX },
      (_request, body, done) => done(null, body),
    )
    for (const url of ['/receipts/:provider', '/receipts/:provider/*']) {
      scope.post<{ Params: { provider: string } }>(url, async (request, reply) =>
        reply.code(202).send(await take(request)),
      )
    }
  })
}

function rawOf(request: FastifyRequest, publicUrl: string | null): RawRequest {
  const origin = publicUrl ?? `http://${request.headers.host ?? 'localhost'}`
  return {
    method: request.method,
    url: origin.replace(/\/$/, '') + request.url,
    headers: request.headers,
    body: Buffer.isBuffer(request.body) ? request.body : new Uint8Array(),
  }
}
