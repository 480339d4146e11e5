import pg from 'pg'
import type { Parameter } from '../../../src/db/database.ts'

export type Parameters = readonly Parameter[]

/** A column of an array parameter, `$number` in the statement. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the statement knows its columns' types
export function column<Value>(parameters: Parameters, number: number): readonly Value[] {
  const value = parameters[number - 1]
  if (!Array.isArray(value)) throw new Error(`store: parameter $${number} is not an array: ${String(value)}`)
  return value as readonly Value[]
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as above
export function scalar<Value>(parameters: Parameters, number: number): Value {
  const value = parameters[number - 1]
  if (value === undefined) throw new Error(`store: parameter $${number} is missing`)
  return value as Value
}

/** The elements of an array literal of plain words: `{a,b}`. */
export function elementsOf(literal: string): string[] {
  return literal === '{}' ? [] : literal.slice(1, -1).split(',')
}

/** An error as the server answers it: the statement has changed nothing. */
export function serverError(code: string, message: string): pg.DatabaseError {
  const error = new pg.DatabaseError(message, message.length, 'error')
  error.code = code
  return error
}

export const CHECK_VIOLATION = '23514'
export const GUARD = 'BA001'
export const BEING_REPLAYED = 'BA002'
export const FOREIGN_KEY_VIOLATION = '23503'
export const CARDINALITY_VIOLATION = '21000'

export function check(holds: boolean, constraint: string): void {
  if (!holds) throw serverError(CHECK_VIOLATION, `violates check constraint "${constraint}"`)
}
