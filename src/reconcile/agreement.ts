import { wilson } from './wilson.ts'

/** How often two answers were the same. Rates are shares from 0 to 1, `low` and `high` Wilson's 95 % interval. */
export interface Agreement {
  readonly compared: number
  readonly agreed: number
  /** NaN where nothing was compared. */
  readonly rate: number
  readonly low: number
  readonly high: number
}

export function agreementOf(agreed: number, compared: number): Agreement {
  return { compared, agreed, rate: compared === 0 ? NaN : agreed / compared, ...wilson(agreed, compared) }
}
