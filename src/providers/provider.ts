import type { Permit } from '../authority/permit.ts'

export interface OutgoingMessage {
  readonly messageUuid: string
  /** E.164 */
  readonly recipient: string
  readonly sender: string | null
  readonly body: string
}

/**
 * What an attempt proves. Only `refused` and `not_sent` prove that nothing was and will be sent; a look-up
 * that finds nothing, a timeout, a broken connection and a server error do not.
 */
export type SendResult =
  | { readonly kind: 'accepted'; readonly providerMessageId: string }
  /** A definitive refusal of this very request. `retryAfterMs`: the same message may be tried again then. */
  | { readonly kind: 'refused'; readonly reason: string; readonly retryAfterMs?: number }
  /** No byte left: DNS, refused connection, TLS. */
  | { readonly kind: 'not_sent'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string }

/** An SMS vendor. One call is one attempt; nothing below repeats it. */
export interface Provider {
  readonly name: string
  /** Spends the permit before any byte leaves. Never rejects for what the vendor or the network does. */
  send(permit: Permit, message: OutgoingMessage): Promise<SendResult>
  close(): Promise<void>
}
