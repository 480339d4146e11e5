import type { InboundText, ReceiptReading } from './receipt.ts'

/** What a subscriber wrote, in the vendor's own spelling. */
export interface VendorText {
  readonly id: string
  readonly from: string
  readonly to: string | null
  readonly text: string
  /** ISO 8601; what is unreadable counts as absent. */
  readonly at?: string | undefined
}

/** A text with its writer in E.164; undefined where the writer is no number, as over other channels. */
export function inboundText({ id, from, to, text, at }: VendorText, now: Date): InboundText | undefined {
  const digits = /^\+?([1-9]\d{6,14})$/.exec(from.trim())?.[1]
  if (digits === undefined) return undefined
  const time = new Date(at ?? now)
  return {
    id,
    from: `+${digits}`,
    to: to?.trim() || null,
    text,
    at: Number.isNaN(time.getTime()) ? now : time,
  }
}

export function textsOf(
  texts: readonly (InboundText | undefined)[],
): ReceiptReading & { readonly kind: 'texts' } {
  return { kind: 'texts', texts: texts.filter((text) => text !== undefined) }
}
