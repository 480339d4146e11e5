import { classifyFailure } from '../db/failure.ts'
import type { AcceptClaim, AcceptedMessage, Claims } from '../authority/claim.ts'
import { LedgerUnavailable } from '../authority/unavailable.ts'
import type { ServiceMessage } from '../contract/service-api.ts'
import { priorities } from '../contract/text.ts'
import type { Verdict } from '../core/evidence.ts'
import { groupCommit, QueueFull } from '../db/group-commit.ts'
import type { Router } from './router.ts'

/** A verdict, or `unresolved` when the commit could not be confirmed. `stopped`: the recipient has opted out. */
export type Acceptance = Exclude<Verdict, 'rejected'> | 'unresolved' | 'stopped'

type Accept = (messages: readonly ServiceMessage[]) => Promise<Acceptance[]>

/**
 * Accepts messages of concurrent calls together, in natural micro-batches. `onAccepted` only wakes the
 * dispatcher: the ledger decides what there is to send.
 */
export function createAccept(claims: Claims, router: Router, onAccepted: () => void): Accept {
  const batches = groupCommit<AcceptedMessage, Acceptance>({
    run: async (messages) => {
      const results = await claims.accept(messages)
      onAccepted()
      return results.map(verdictOf)
    },
    // One message that the server refuses to store must not spoil the others.
    isolate: (error) => error instanceof LedgerUnavailable && classifyFailure(error.cause) === 'refused',
  })
  // Whatever kept it from being known, an overload included: no verdict, so the ledger decides for the caller.
  return (messages) =>
    Promise.all(messages.map((message) => batches.add(toAccepted(message, router)).catch(unresolved)))
}

function toAccepted(message: ServiceMessage, router: Router): AcceptedMessage {
  const { message_uuid, to, from, body, priority = 'normal', send_at, valid_until } = message
  return {
    messageUuid: message_uuid,
    recipient: to,
    sender: from ?? null,
    body,
    route: router.routeOf(message),
    paced: router.paceOf(message),
    window: router.windowOf(message),
    priority: priorities.findIndex((one) => one === priority),
    sendAt: send_at,
    validUntil: valid_until,
  }
}

function verdictOf(claim: AcceptClaim): Acceptance {
  if ('stopped' in claim) return 'stopped'
  if ('won' in claim) return 'accepted'
  return claim.lost.holder === 'go' ? 'duplicate' : 'superseded'
}

function unresolved(error: unknown): 'unresolved' {
  if (error instanceof LedgerUnavailable || error instanceof QueueFull) return 'unresolved'
  throw error
}
