import { agreementOf, type Agreement } from './agreement.ts'
import { leftOutReasons, type LeftOut } from './shadow-coverage.ts'
import { covers, type RegisteredDifference } from './shadow-differences.ts'
import {
  compareFields,
  shadowFields,
  type FieldComparison,
  type ShadowField,
  type SideOfMessage,
} from './shadow-fields.ts'

export interface Disagreement {
  readonly messageUuid: string
  readonly field: ShadowField
  /** Null for what would name a person. */
  readonly legacy: string | null
  readonly service: string | null
}

export interface FieldAgreement extends Agreement {
  /** Of those that agree: differences that are registered. */
  readonly by_design: number
  /** Messages of which one side does not tell the field. */
  readonly untold: number
}

export const DISAGREEMENTS_MAX = 1_000

/** Counts messages as they come; memory is bounded. */
export function createShadowTally(differences: readonly RegisteredDifference[]) {
  const inForce = differences.filter((one) => one.is_in_force)
  const zeros = <Name extends string>(names: readonly Name[]) =>
    Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>
  const leftOut = zeros(leftOutReasons)
  const fields = {
    compared: zeros(shadowFields),
    agreed: zeros(shadowFields),
    meant: zeros(shadowFields),
    untold: zeros(shadowFields),
  }
  const byDifference = new Map<number, number>()
  const disagreements: Disagreement[] = []
  const messages = { eligible: 0, agreed: 0, disagreed: 0, meant: 0 }

  /** The difference in force that an unequal field is registered under. */
  function meantBy(one: FieldComparison): RegisteredDifference | undefined {
    const entry = inForce.find((candidate) => covers(candidate, one))
    if (entry) byDifference.set(entry.difference_id, (byDifference.get(entry.difference_id) ?? 0) + 1)
    return entry
  }

  return {
    leaveOut(reason: LeftOut): void {
      messages.eligible++
      leftOut[reason]++
    },
    compare(messageUuid: string, legacy: SideOfMessage, service: SideOfMessage): void {
      messages.eligible++
      const { compared, untold } = compareFields(legacy, service)
      for (const { field } of untold) fields.untold[field]++
      let [meant, unmeant] = [0, 0]
      for (const one of compared) {
        const { field, left, right } = one
        fields.compared[field]++
        const entry = one.agrees ? undefined : meantBy(one)
        if (one.agrees || entry) fields.agreed[field]++
        else unmeant++
        if (entry) {
          fields.meant[field]++
          meant++
        } else if (!one.agrees && disagreements.length < DISAGREEMENTS_MAX)
          disagreements.push({ messageUuid, field, legacy: left, service: right })
      }
      if (unmeant > 0) messages.disagreed++
      else messages.agreed++
      if (unmeant === 0 && meant > 0) messages.meant++
    },
    result() {
      const fieldAgreement = (field: ShadowField): FieldAgreement => ({
        ...agreementOf(fields.agreed[field], fields.compared[field]),
        by_design: fields.meant[field],
        untold: fields.untold[field],
      })
      return {
        ...messages,
        left_out: leftOut,
        agreement: agreementOf(messages.agreed, messages.agreed + messages.disagreed),
        fields: Object.fromEntries(shadowFields.map((field) => [field, fieldAgreement(field)])) as Readonly<
          Record<ShadowField, FieldAgreement>
        >,
        differences: differences.map((one) => ({
          ...one,
          messages: byDifference.get(one.difference_id) ?? 0,
        })),
        disagreements,
      }
    },
  }
}
