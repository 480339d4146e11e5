import type { Runner } from '../db/database.ts'
import { statement } from '../db/statement.ts'
import type { FieldComparison, ShadowField } from './shadow-fields.ts'

/** What differs, and between which values. Null: any value. */
interface Pattern {
  readonly field: ShadowField
  readonly legacy_value: string | null
  readonly service_value: string | null
}

/** A difference that is meant to be, with who answers for it. Out of force it counts as disagreement again. */
export interface RegisteredDifference extends Pattern {
  readonly difference_id: number
  readonly why: string
  readonly owner: string
  readonly valid_until: string
  readonly is_in_force: boolean
}

export interface NewDifference extends Pattern {
  readonly why: string
  readonly owner: string
  /** ISO 8601; must be ahead. */
  readonly until: string
  readonly actor: string
}

const registered = statement<RegisteredDifference>(import.meta.url, './sql/shadow-differences.sql')
const register = statement<{ difference_id: number }>(import.meta.url, './sql/register-difference.sql')

export function readDifferences(legacy: Runner): Promise<RegisteredDifference[]> {
  return legacy.run(registered)
}

/** Registers a difference that is meant to be; it counts as agreement until its end. Returns its number. */
export async function registerDifference(legacy: Runner, difference: NewDifference): Promise<number> {
  const { field, legacy_value, service_value, why, owner, until, actor } = difference
  const [row] = await legacy.run(register, [field, legacy_value, service_value, why, owner, until, actor])
  if (!row) throw new Error('shadow difference: it was not recorded')
  return row.difference_id
}

export function covers(pattern: Pattern, { field, left, right }: FieldComparison): boolean {
  const fits = (wanted: string | null, value: string | null) => wanted === null || wanted === value
  return pattern.field === field && fits(pattern.legacy_value, left) && fits(pattern.service_value, right)
}
