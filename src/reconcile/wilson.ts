export interface Interval {
  readonly low: number
  readonly high: number
}

const Z_95 = 1.959964

/** Wilson's 95 % interval of a share: honest also at 0, at 1 and for few. Nothing seen: anything is possible. */
export function wilson(hits: number, of: number): Interval {
  if (of === 0) return { low: 0, high: 1 }
  const share = hits / of
  const z2 = Z_95 * Z_95
  const centre = share + z2 / (2 * of)
  const spread = Z_95 * Math.sqrt((share * (1 - share)) / of + z2 / (4 * of * of))
  const scale = 1 + z2 / of
  return {
    low: hits === 0 ? 0 : Math.max(0, (centre - spread) / scale),
    high: hits === of ? 1 : Math.min(1, (centre + spread) / scale),
  }
}
