import { createHash } from 'node:crypto'
import { uuidv7 } from 'uuidv7'
import type { SendRequest } from '../contract/gateway-api.ts'
import type { TimesFault } from '../core/message-times.ts'
import { problem } from '../http/server.ts'
import { judgeLength } from '../sms/segments.ts'
import type { Arriving, Entry } from './enter.ts'
import type { Finish, Handled } from './finish-request.ts'
import { createMessageMaps } from './message-maps.ts'
import { givenTerms, termsOf } from './message-terms.ts'
import { tryAgain, type RepeatRequest } from './repeat-request.ts'

export interface RequestHandlerOptions {
  readonly enter: (arriving: Arriving) => Promise<Entry>
  readonly finish: Finish
  readonly repeat: RepeatRequest
  /** Whether a request of this tenant stands under this key. */
  readonly isKnown: (tenant: string, idempotencyKey: string) => Promise<boolean>
  readonly scheduleDaysMax: number
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
  const { enter, finish, repeat, isKnown, scheduleDaysMax, inProgress } = options

  return async (tenant, body, idempotencyKey) => {
    refuseTooLong(body)
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
        case 'untimely':
          // What was in time when it was first entered may be repeated for as long as its key is kept.
          if (idempotencyKey !== null && (await isKnown(tenant, idempotencyKey).catch(tryAgain)))
            return await repeat(tenant, idempotencyKey, arriving)
          throw untimely(entry.fault, scheduleDaysMax)
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

/** The text is the same for all messages of a request, and nothing of it is entered. */
function refuseTooLong({ body, segments_max }: SendRequest): void {
  if (segments_max === undefined) return
  const length = judgeLength(body, segments_max)
  if (length.kind === 'fits') return
  const detail = `body: takes ${length.segments} segments, segments_max is ${segments_max}; nothing was sent`
  throw problem(400, 'too_many_segments', detail)
}

function untimely(fault: TimesFault, daysMax: number): Error {
  switch (fault) {
    case 'expired':
      return problem(400, 'expired', 'valid_until: has passed; nothing was sent')
    case 'reversed':
      return problem(400, 'invalid_input', 'valid_until: does not lie after send_at; nothing was sent')
    case 'too_far':
      return problem(
        400,
        'too_far_ahead',
        `send_at: lies more than ${daysMax} days ahead; nothing was sent: send it later`,
      )
  }
}

/** The request as it will be recorded: ids and maps are made here, once, before any send logic. */
function arrive(tenant: string, body: SendRequest, idempotencyKey: string | null): Arriving {
  const { to, body: text, from = null, reference = null } = body
  const terms = termsOf(body)
  const given = givenTerms(terms)
  // Without terms as it always was, so that a request from before can be repeated.
  const content = JSON.stringify([to, text, from, reference, ...(given ? [given] : [])])
  return {
    request: {
      requestId: uuidv7(),
      tenant,
      body: text,
      sender: from,
      ...createMessageMaps(typeof to === 'string' ? [to] : to),
      keyed: idempotencyKey !== null,
      terms,
    },
    idempotencyKey,
    contentSha256: createHash('sha256').update(content).digest(),
    reference,
  }
}
