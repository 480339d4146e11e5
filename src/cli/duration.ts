import { InvalidArgumentError } from 'commander'

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** For commander: a time such as 500ms, 30s, 5m or 1h, in ms. */
export function duration(text: string): number {
  const [, digits, unit] = /^([1-9][0-9]{0,8})(ms|s|m|h)$/.exec(text) ?? []
  const unitMs = UNITS_MS[unit ?? '']
  if (digits !== undefined && unitMs !== undefined) return Number(digits) * unitMs
  throw new InvalidArgumentError('needs a time such as 500ms, 30s or 5m')
}
