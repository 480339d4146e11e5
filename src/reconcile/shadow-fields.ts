import type { Treatment } from '../core/treatment.ts'

/** What both sides of SHADOW decide about a message and record. */
export const shadowFields = [
  'verdict',
  'number',
  'sender',
  'encoding',
  'segments',
  'route',
  'price',
  'error_class',
] as const
export type ShadowField = (typeof shadowFields)[number]

/** One side of one message. Undefined: the side does not tell the field. */
export interface SideOfMessage {
  readonly verdict: 'send' | 'refuse'
  readonly number?: string | undefined
  /** Null is a value: no sender. */
  readonly sender?: string | null | undefined
  readonly treatment: Partial<Treatment>
}

export interface FieldComparison {
  readonly field: ShadowField
  readonly agrees: boolean
  /** Null for what would name a person. */
  readonly left: string | null
  readonly right: string | null
}

/** A field that one side does not tell of a message for which both should. */
export interface Untold {
  readonly field: ShadowField
}

/**
 * Compares two sides of a message field by field. What follows from the verdict is compared only where the
 * verdicts are the same: the encoding of a message that one side refuses is no finding of its own, and the class
 * of an error is one only where both refuse.
 */
export function compareFields(
  left: SideOfMessage,
  right: SideOfMessage,
): { readonly compared: readonly FieldComparison[]; readonly untold: readonly Untold[] } {
  const compared: FieldComparison[] = []
  const untold: Untold[] = []
  const compare = (field: ShadowField, ours: string | null | undefined, theirs: typeof ours): void => {
    if (ours === undefined || theirs === undefined) untold.push({ field })
    else compared.push({ field, agrees: ours === theirs, ...shown(field, ours, theirs) })
  }
  const told = (side: SideOfMessage, name: keyof Treatment): string | undefined => {
    const value = side.treatment[name]
    return value === null || value === undefined ? undefined : String(value)
  }
  compare('verdict', left.verdict, right.verdict)
  compare('number', left.number, right.number)
  if (left.verdict === 'send' && right.verdict === 'send') {
    compare('sender', left.sender, right.sender)
    for (const field of ['encoding', 'segments', 'route', 'price'] as const)
      compare(field, told(left, field), told(right, field))
  }
  if (left.verdict === 'refuse' && right.verdict === 'refuse')
    compare('error_class', told(left, 'error_class'), told(right, 'error_class'))
  return { compared, untold }
}

const shown = (field: ShadowField, left: string | null, right: string | null) =>
  field === 'number' ? { left: null, right: null } : { left, right }
