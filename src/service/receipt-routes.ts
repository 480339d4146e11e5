import type { FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { Database } from '../db/database.ts'
import { problem, type Server } from '../http/server.ts'
import type { SmsProvider } from '../providers/provider.ts'
import type { RawRequest, Receipt } from '../providers/receipt.ts'
import type { Counters } from './counters.ts'
import type { TakeTexts } from './inbound.ts'
import { storeReceipts } from './receipts.ts'

export interface ReceiptRoutesOptions {
  readonly database: Database
  readonly providers: readonly SmsProvider[]
  /** Origin under which vendors reach this service; null: the one the request names. */
  readonly publicUrl: string | null
  readonly counters: Counters
  readonly takeTexts: TakeTexts
  /** Receipts are stored: match them. */
  readonly onStored: () => void
  readonly log: Logger
}

const BODY_BYTES_MAX = 256 * 1024

/**
 * `POST /receipts/{provider}[/...]`: vendors' callbacks, receipts and subscribers' texts (GET where an account has it
 * so). They are judged over the very bytes that came, stored, and
 * answered 202 whatever message they are about; what is not authentic is answered 401 and has no effect.
 */
export function addReceiptRoutes(server: Server, options: ReceiptRoutesOptions): void {
  const { database, providers, counters, takeTexts, onStored, log } = options
  const byName = new Map(providers.map((provider) => [provider.name, provider]))

  async function take(request: FastifyRequest<{ Params: { provider: string } }>): Promise<string | object> {
    const { provider: name } = request.params
    const provider = byName.get(name)
    if (provider?.receipts.kind !== 'webhook') {
      throw problem(404, 'not_found', `receipts: ${JSON.stringify(name)} is no provider that calls back`)
    }
    const raw = rawOf(request, options.publicUrl)
    if (!((await provider.receipts.prepare?.(raw)) ?? true)) {
      throw problem(503, 'not_checked', 'receipts: the signature cannot be checked now; send it again')
    }
    const reading = provider.receipts.read(raw, new Date())
    switch (reading.kind) {
      case 'receipts':
        return { stored: await keep(name, reading.receipts) }
      case 'texts':
        await keep(name, reading.receipts ?? [])
        await takeTexts(name, reading.texts).catch(notStored)
        return ''
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

  async function keep(name: string, receipts: readonly Receipt[]): Promise<number> {
    const fresh = await storeReceipts(database, name, receipts).catch(notStored)
    counters.count('receipts_stored', fresh)
    counters.count('receipts_repeated', receipts.length - fresh)
    if (fresh > 0) onStored()
    return fresh
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
      scope.route<{ Params: { provider: string } }>({
        method: ['GET', 'POST'],
        url,
        handler: async (request, reply) => reply.code(202).send(await take(request)),
      })
    }
  })
}

function notStored(cause: unknown): never {
  throw problem(503, 'database_away', 'receipts: not stored; send it again', { cause })
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
