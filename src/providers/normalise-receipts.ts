import type { DeliveryStatus, Receipt, ReceiptReading } from './receipt.ts'

/** What a vendor's receipt says, in its own words. */
export interface VendorReceipt {
  readonly id: string
  readonly status: string
  /** ISO 8601, or ms since the epoch; what is unreadable counts as absent. */
  readonly at?: string | number | undefined
  readonly reference?: string | undefined
  readonly errorCode?: string | undefined
}

/** The vendor's word for each status; a word that stands nowhere is no delivery status and yields no receipt. */
export type StatusWords = Readonly<Record<string, DeliveryStatus>>

export function normaliseReceipts(
  found: readonly VendorReceipt[],
  words: StatusWords,
  now: Date,
): ReceiptReading & { readonly kind: 'receipts' } {
  const receipts = found.flatMap(({ id, status: word, at, reference, errorCode }): Receipt[] => {
    const status = Object.hasOwn(words, word) ? words[word] : undefined
    if (!status) return []
    const time = new Date(at ?? now)
    const receipt = {
      providerMessageId: id,
      status,
      at: Number.isNaN(time.getTime()) ? now : time,
      ...(reference === undefined ? {} : { reference }),
      ...(errorCode === undefined || errorCode === '' ? {} : { errorCode }),
    }
    return [receipt]
  })
  return { kind: 'receipts', receipts }
}

/** Authentic, and nothing to record. */
export const noReceipts: ReceiptReading = { kind: 'receipts', receipts: [] }
