/**
 * Delivery receipts, normalised. A status moves forward only:
 *
 *   accepted -> sent -> undelivered | expired | rejected -> delivered
 *
 * Receipts come doubled, out of order and before the answer of the send; whatever the order of arrival, the
 * highest rank stays. `delivered` outranks the failures: a handset that has the text is stronger evidence than
 * a carrier that gave up waiting for it.
 */
export type DeliveryStatus = 'accepted' | 'sent' | 'undelivered' | 'expired' | 'rejected' | 'delivered'

const rank: Readonly<Record<DeliveryStatus, number>> = {
  accepted: 0,
  sent: 1,
  undelivered: 2,
  expired: 2,
  rejected: 2,
  delivered: 3,
}

/** Whether `next` may replace `current`. */
export function movesForward(current: DeliveryStatus | null, next: DeliveryStatus): boolean {
  return current === null || rank[next] > rank[current]
}

export interface Receipt {
  readonly providerMessageId: string
  /** The `message_uuid`, where the vendor echoes it under its signature. */
  readonly reference?: string
  readonly status: DeliveryStatus
  /** The vendor's clock; the moment of arrival where the receipt names no time. */
  readonly at: Date
  readonly errorCode?: string
}

/** What a subscriber wrote to one of our senders. Its text is read for keywords and goes nowhere else. */
export interface InboundText {
  /** The vendor's: the same text again has the same one. */
  readonly id: string
  /** Whoever wrote, in E.164. */
  readonly from: string
  /** The sender it was written to, as the vendor spells it; null where the vendor does not say. */
  readonly to: string | null
  readonly text: string
  /** The vendor's clock; the moment of arrival where it names no time. */
  readonly at: Date
}

/** A webhook call as it came: nothing parsed, nothing re-encoded, since signatures cover the very bytes. */
export interface RawRequest {
  readonly method: string
  /** Whole, as the vendor addressed it (behind a proxy: the public one). */
  readonly url: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: Uint8Array
}

export type ReceiptReading =
  /** Authentic. A vendor may batch several; none of them a delivery status is an empty list. */
  | { readonly kind: 'receipts'; readonly receipts: readonly Receipt[] }
  /** Authentic, and written by subscribers; some vendors batch receipts with it. */
  | {
      readonly kind: 'texts'
      readonly texts: readonly InboundText[]
      readonly receipts?: readonly Receipt[]
    }
  /** The vendor asks whether this address is ours: answer with `reply`, or visit `visitUrl`. */
  | { readonly kind: 'handshake'; readonly reply?: string; readonly visitUrl?: string }
  /** Forged, altered, replayed late, or for another account. It has no effect. */
  | { readonly kind: 'not_authentic'; readonly reason: string }
  /** Authentic, yet not what the vendor documents. */
  | { readonly kind: 'unreadable'; readonly reason: string }

/** Judges a webhook call without I/O; the same input gives the same reading. */
export type ReceiptReader = (request: RawRequest, now: Date) => ReceiptReading

/** Takes a receipt for good: resolves once it is stored. */
export type ReceiptSink = (receipt: Receipt) => Promise<void>

/** Takes a subscriber's text: resolves once its keyword, if it is one, has its effect. */
export type TextSink = (text: InboundText) => Promise<void>

/** How receipts of a provider come in. */
export type ReceiptSource =
  | {
      readonly kind: 'webhook'
      readonly read: ReceiptReader
      /** Gets what the reader needs for this request and lacks; false: it cannot be had now, so ask for a repetition. */
      readonly prepare?: (request: RawRequest) => Promise<boolean>
    }
  /** Over the sending connection; the provider got a {@link ReceiptSink} when it was opened. */
  | { readonly kind: 'link' }
  | { readonly kind: 'none'; readonly why: string }

/** How far the signed time of a receipt may be from ours, either way. */
export const RECEIPT_WINDOW_MS = 5 * 60_000
