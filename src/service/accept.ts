import { classifyFailure } from '../db/failure.ts'
import type { Claim, Claims } from '../authority/claim.ts'
import { LedgerUnavailable } from '../authority/unavailable.ts'
import type { ServiceMessage } from '../contract/service-api.ts'
import type { Verdict } from '../core/evidence.ts'
import { groupCommit, QueueFull } from '../db/group-commit.ts'

/** A verdict, or `unresolved` when the commit could not be confirmed. */
export type Acceptance = Exclude<Verdict, 'rejected'> | 'unresolved'

type Accept = (messages: readonly ServiceMessage[]) => Promise<Acceptance[]>

/**
 * Accepts messages of concurrent calls together, in natural micro-batches. `onAccepted` only wakes the
 * dispatcher: the ledger decides what there is to send.
 */
export function createAccept(claims: Claims, onAccepted: () => void): Accept {
  const batches = groupCommit<ServiceMessage, Acceptance>({
    run: async (messages) => {
      const results = await claims.accept(messages.map(toAccepted))
      onAccepted()
      return results.map(verdictOf)
    },
    // One message that the server refuses to store must not spoil the others.
    isolate: (error) => error instanceof LedgerUnavailable && classifyFailure(error.cause) === 'refused',
  })
  // Whatever kept it from being known, an overload included: no verdict, so the ledger decides for the caller.
  return (messages) => Promise.all(messages.map((message) => batches.add(message).catch(unresolved)))
}

function toAccepted({ message_uuid, to, from, body }: ServiceMessage) {
  return { messageUuid: message_uuid, recipient: to, sender: from ?? null, body }
}

function verdictOf(claim: Claim<'accepted'>): Acceptance {
  if ('won' in claim) return 'accepted'
  return claim.lost.holder === 'go' ? 'duplicate' : 'superseded'
}

function unresolved(error: unknown): 'unresolved' {
  if (error instanceof LedgerUnavailable || error instanceof QueueFull) return 'unresolved'
  throw error
}
