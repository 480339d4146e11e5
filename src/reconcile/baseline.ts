import type { Treatment } from '../core/treatment.ts'
import { agreementOf, type Agreement } from './agreement.ts'
import { compareFields, type ShadowField, type SideOfMessage } from './shadow-fields.ts'

/** A rehearsal's answer as the gateway keeps it. */
export type RehearsedAnswer = Treatment & { readonly verdict: 'send' | 'refuse' }

export interface Rehearsal {
  readonly leftOut: string | null
  readonly first: RehearsedAnswer | null
  readonly second: RehearsedAnswer | null
}

/** The legacy side against itself: what its disagreement with the service is to be judged against. */
export type Baseline =
  | { readonly kind: 'none'; readonly why: string }
  | {
      readonly kind: 'measured'
      /** One rehearsal against the other. */
      readonly itself: Agreement
      /** The first rehearsal against what was really done. */
      readonly real: Agreement
      readonly disagreements: Readonly<Partial<Record<ShadowField, number>>>
      readonly left_out: Readonly<Record<string, number>>
      /** The service's agreement against `real`, by their intervals. */
      readonly service_is: 'better' | 'worse' | 'not told apart'
    }

/** Counts rehearsals message by message. */
export interface BaselineTally {
  add(
    real: SideOfMessage | undefined,
    rehearsal: Rehearsal | undefined,
    canRehearse: boolean | undefined,
  ): void
  result(service: Agreement): Baseline
}

export function createBaselineTally(): BaselineTally {
  const disagreements: Partial<Record<ShadowField, number>> = {}
  const leftOut: Record<string, number> = {}
  const itself = { compared: 0, agreed: 0 }
  const real = { compared: 0, agreed: 0 }
  let able = 0

  const count = (into: { compared: number; agreed: number }, left: SideOfMessage, right: SideOfMessage) => {
    const different = compareFields(left, right).compared.filter(({ agrees }) => !agrees)
    into.compared++
    if (different.length === 0) into.agreed++
    return different
  }

  return {
    add(done, rehearsal, canRehearse) {
      if (canRehearse || rehearsal) able++
      if (!rehearsal) return
      if (rehearsal.leftOut !== null) leftOut[rehearsal.leftOut] = (leftOut[rehearsal.leftOut] ?? 0) + 1
      if (!rehearsal.first || !rehearsal.second) return
      const [first, second] = [sideOf(rehearsal.first), sideOf(rehearsal.second)]
      for (const { field } of count(itself, first, second))
        disagreements[field] = (disagreements[field] ?? 0) + 1
      // A rehearsal has no sender to compare.
      if (done) count(real, { ...done, sender: undefined }, first)
    },
    result(service) {
      if (able === 0) return { kind: 'none', why: 'the legacy driver cannot rehearse' }
      if (itself.compared === 0) return { kind: 'none', why: whyNone(leftOut) }
      const against = agreementOf(real.agreed, real.compared)
      return {
        kind: 'measured',
        itself: agreementOf(itself.agreed, itself.compared),
        real: against,
        disagreements,
        left_out: leftOut,
        service_is:
          service.high < against.low ? 'worse' : service.low > against.high ? 'better' : 'not told apart',
      }
    },
  }
}

function whyNone(leftOut: Readonly<Record<string, number>>): string {
  const counted = Object.entries(leftOut).map(([reason, messages]) => `${messages} ${reason}`)
  return counted.length === 0 ? 'no rehearsal is recorded' : `no rehearsal succeeded: ${counted.join(', ')}`
}

function sideOf(answer: RehearsedAnswer): SideOfMessage {
  const { verdict, ...treatment } = answer
  return { verdict, number: answer.to ?? undefined, treatment }
}
