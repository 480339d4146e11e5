import { createHash } from 'node:crypto'
import { uuidv7 } from 'uuidv7'
import type { SendRequest } from '../contract/gateway-api.ts'
import { problem } from '../http/server.ts'
import type { Arriving, Entry } from './enter.ts'
import type { Finish, Handled } from './finish-request.ts'
import { createMessageMaps } from './message-maps.ts'
import type { RepeatRequest } from './repeat-request.ts'

export interface RequestHandlerOptions {
  readonly enter: (arriving: Arriving) => Promise<Entry>
  readonly finish: Finish
  readonly repeat: RepeatRequest
  /** Ids of the requests that this process works on now. */
  readonly inProgress: Set<string>
}

/**
 * One API call, from the maps to the answer: entry (the intent is durable), sending, recording. Throws problem
 * documents; each of them says that nothing was sent.
 */
export type RequestHandler = (
  tenant: string,
  body: SendRequest,
  idempotencyKey: string | null,
) => Promise<Handled>

export function createRequestHandler(options: RequestHandlerOptions): RequestHandler {
  const { enter, finish, repeat, inProgress } = options

  return async (tenant, body, idempotencyKey) => {
    const arriving = arrive(tenant, body, idempotencyKey)
    const { requestId, recipientMap } = arriving.request
    inProgress.add(requestId)
    try {
      const entry = await enter(arriving).catch((cause: unknown) => {
        throw problem(503, 'store_away', 'the request could not be recorded; nothing was sent', { cause })
      })
      switch (entry.kind) {
        case 'entered':
          return await finish(entry.request, [], [...recipientMap.keys()])
        case 'taken':
          return await repeat(tenant, idempotencyKey, arriving)
        case 'no_quota': {
          const detail = `quota: ${entry.messages} messages, room for ${entry.room}; nothing was sent`
          throw problem(402, 'no_quota', detail)
        }
      }
    } finally {
      inProgress.delete(requestId)
    }
  }
}

/** The request as it will be recorded: ids and maps are made here, once, before any send logic. */
function arrive(tenant: string, body: SendRequest, idempotencyKey: string | null): Arriving {
  const { to, body: text, from = null, reference = null } = body
  const content = JSON.stringify([to, text, from, reference])
  return {
    request: {
      requestId: uuidv7(),
      tenant,
      body: text,
      sender: from,
      ...createMessageMaps(typeof to === 'string' ? [to] : to),
      keyed: idempotencyKey !== null,
    },
    idempotencyKey,
    contentSha256: createHash('sha256').update(content).digest(),
    reference,
  }
}
