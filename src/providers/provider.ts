import type { Treatment } from '../core/treatment.ts'
import type { Permit } from '../authority/permit.ts'
import type { ReceiptSource } from './receipt.ts'

export interface OutgoingMessage {
  readonly messageUuid: string
  /** E.164 */
  readonly recipient: string
  readonly sender: string | null
  readonly body: string
  /**
   * When the ledger committed `dispatched` for the first request, in ms since the epoch. Vendors that dedupe
   * compare it, so a replay must carry the same value; the moment of the call where absent.
   */
  readonly firstSentAtMs?: number
}

/** Whom a refusal blames: this message, the account at the vendor (another vendor may take it), the pace. */
export type Blame = 'message' | 'account' | 'pace'

/**
 * What an attempt proves. Only `refused` and `not_sent` prove that nothing was and will be sent; a look-up
 * that finds nothing, a timeout, a broken connection and a server error do not. A reason never holds the
 * recipient's number, the body or the vendor's own words, which may quote both.
 */
export type SendResult =
  | {
      readonly kind: 'accepted'
      readonly providerMessageId: string
      /** What the answer tells of how the message is treated. */
      readonly told?: Partial<Treatment>
    }
  /** A definitive refusal of this very request. `retryAfterMs`: the same message may be tried again then. */
  | {
      readonly kind: 'refused'
      readonly reason: string
      readonly retryAfterMs?: number
      readonly blames?: Blame
      /** The vendor's code. */
      readonly code?: string
      readonly told?: Partial<Treatment>
    }
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

/**
 * What settles a message in doubt beyond the first request. Finding it proves that it was sent. There is no
 * word for "not sent" here: the first request may still be on its way, whatever the vendor answers now.
 */
export type LaterEvidence =
  | { readonly kind: 'sent'; readonly providerMessageId: string }
  | { readonly kind: 'proves_nothing'; readonly reason: string }

export interface PastSend {
  readonly messageUuid: string
  /** When the first request may have left at the earliest, in ms since the epoch. */
  readonly sentAtMs: number
}

/**
 * What protects a send whose answer was lost, strongest first. The reference and the key are always the
 * `message_uuid`, so nothing has to be stored to use them.
 */
export type Protection =
  /** The vendor sends one message for one key. A replay is the same request again, under a permit of its own. */
  | {
      readonly kind: 'dedupe'
      /** Where the key stands in the request. */
      readonly key: string
      /** From `firstSentAtMs`: later, a replay may be a second send. */
      readonly windowMs: number
      replay(
        permit: Permit,
        message: OutgoingMessage & { readonly firstSentAtMs: number },
      ): Promise<LaterEvidence>
    }
  | {
      readonly kind: 'lookupByReference'
      /** How long the vendor finds a message. */
      readonly keptMs: number
      lookUp(past: PastSend): Promise<LaterEvidence>
    }
  /** Receipts name the message even when the vendor's id was lost with the answer. */
  | { readonly kind: 'callbackCorrelates' }
  /** Blind: only a person settles it. */
  | { readonly kind: 'none' }

/** A provider with what its class allows in doubt, and the way its delivery receipts come. */
export interface SmsProvider extends Provider {
  readonly protection: Protection
  readonly receipts: ReceiptSource
}
