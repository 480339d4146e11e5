import type { Logger } from 'pino'
import type { AuthorityRow } from '../core/authority-state.ts'
import { outcomeFromLedger } from '../core/message-outcome.ts'
import { problem } from '../http/server.ts'
import type { Finish, Handled } from './finish-request.ts'
import type { Arriving } from './enter.ts'
import type { Presence } from './presence.ts'
import type { StoredRequest } from './request-store.ts'
import type { SmsRequest } from './sms-request.ts'

export interface RepeatOptions {
  readonly findRequest: (
    requestId: string,
    tenant: string,
    key: string | null,
  ) => Promise<StoredRequest | undefined>
  readonly takeOver: (requestId: string, from: number) => Promise<boolean>
  readonly readLedger: (messageUuids: readonly string[]) => Promise<Map<string, AuthorityRow>>
  readonly finish: Finish
  readonly presence: Presence
  readonly inProgress: Set<string>
  readonly log: Logger
}

/** Answers a request whose Idempotency-Key was used before. */
export type RepeatRequest = (tenant: string, key: string | null, arriving: Arriving) => Promise<Handled>

export function createRepeatRequest(options: RepeatOptions): RepeatRequest {
  const { finish, inProgress, log } = options

  /** A key that was used before: the stored answer, a conflict, or the rest of what a crash left undone. */
  async function repeat(tenant: string, key: string | null, arriving: Arriving): Promise<Handled> {
    const stored = await options.findRequest(arriving.request.requestId, tenant, key).catch(tryAgain)
    if (!stored)
      throw problem(503, 'try_again', 'the earlier request with this key has just ended; send it again')
    const { request, contentSha256, answered, answer } = stored
    if (!Buffer.from(contentSha256).equals(arriving.contentSha256)) {
      throw problem(
        422,
        'idempotency_key_reused',
        `Idempotency-Key ${key}: was used with another body; nothing was sent`,
      )
    }
    if (answered && answer !== null) return { json: answer, replayed: true }
    const inFlight = problem(409, 'in_flight', `Idempotency-Key ${key}: the request is being worked on`, {
      headers: { 'retry-after': '1' },
    })
    if (inProgress.has(request.requestId)) throw inFlight
    inProgress.add(request.requestId)
    try {
      if (!(await wasLeft(stored).catch(tryAgain))) throw inFlight
      return await resume(request)
    } finally {
      inProgress.delete(request.requestId)
    }
  }

  /** Whether nobody works on it any more; then this process has taken it over. */
  async function wasLeft({ request, owner }: StoredRequest): Promise<boolean> {
    const { presence, takeOver } = options
    const isLeft = owner === presence.owner || (await presence.isGone(owner))
    return isLeft && takeOver(request.requestId, owner)
  }

  /** Messages without a row in the ledger are sent; the others are reported as the ledger has them. */
  async function resume(request: SmsRequest): Promise<Handled> {
    const messageUuids = [...request.recipientMap.keys()]
    const rows = await options.readLedger(messageUuids).catch((cause: unknown) => {
      throw problem(
        503,
        'ledger_away',
        'the ledger cannot be asked how far the request came; send it again',
        { cause },
      )
    })
    const rest = messageUuids.filter((messageUuid) => !rows.has(messageUuid))
    log.info({ request_id: request.requestId, known: rows.size, rest: rest.length }, 'request continued')
    return finish(request, [...rows.values()].map(outcomeFromLedger), rest)
  }

  return repeat
}

/** For when an earlier request cannot be looked up: nothing is known of it. */
export function tryAgain(cause: unknown): never {
  throw problem(503, 'try_again', 'the earlier request with this key cannot be looked up; send it again', {
    cause,
  })
}
