import type { Treatment } from '../core/treatment.ts'
import type { OutgoingMessage, SendResult } from '../providers/provider.ts'
import { segmentsOf } from '../sms/segments.ts'

/** What is known of the legacy side without asking it. */
export interface LegacyFacts {
  /** The vendor it sends by; null: not known. */
  readonly route: string | null
  /** What it pays for one part. */
  readonly pricePerSegment: number | null
}

/**
 * How the legacy side treats a message: what it told of it itself, else what the gateway computes of what it hands
 * to the driver, else what the gateway was configured with. `wasSent` null: nobody knows.
 */
export function legacyTreatment(
  { recipient, body }: Pick<OutgoingMessage, 'recipient' | 'body'>,
  wasSent: boolean | null,
  told: Partial<Treatment>,
  facts: LegacyFacts,
): Treatment {
  const { encoding, parts } = segmentsOf(body)
  const segments = told.segments ?? parts.length
  return {
    to: told.to ?? recipient,
    encoding: told.encoding ?? encoding,
    segments,
    route: told.route ?? facts.route,
    price: told.price ?? (facts.pricePerSegment === null ? null : facts.pricePerSegment * segments),
    error_class: wasSent === false ? (told.error_class ?? null) : null,
  }
}

/** What an answer of the legacy side tells, with the class of its refusal where it names none. */
export function toldBy(result: SendResult): Partial<Treatment> {
  switch (result.kind) {
    case 'accepted':
      return result.told ?? {}
    case 'refused': {
      const { blames = 'message' } = result
      return { error_class: blames === 'message' ? 'refused' : blames, ...result.told }
    }
    case 'not_sent':
      return { error_class: 'unreachable' }
    case 'unknown':
      return {}
  }
}
