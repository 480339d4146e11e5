// What happens at each point, chosen by the seed alone. Every choice has a name, `point#n`, and depends on nothing
// but the seed and that name, so that a run in which some faults are left out still meets the others.

export interface Chance {
  /** 0 to 1: for the n-th time at this point. */
  share(point: string): number
  /** A whole number below `limit`. */
  below(point: string, limit: number): number
  /** One of the faults by weight times `scale`, or undefined; remembered under its name. */
  fault<Name extends string>(
    point: string,
    weights: Readonly<Record<Name, number>>,
    scale?: number,
  ): Name | undefined
  /** The faults that have happened, in order: `point#n fault`. */
  readonly happened: readonly string[]
}

export interface ChanceOptions {
  readonly seed: number
  /** Chance of a fault of weight 1 at a point. */
  readonly intensity: number
  /** False: from now on nothing goes wrong. */
  readonly isStormy: () => boolean
  /** Only these happen; undefined: all. */
  readonly kept: ReadonlySet<string> | undefined
}

export function createChance({ seed, intensity, isStormy, kept }: ChanceOptions): Chance {
  const counts = new Map<string, number>()
  const happened: string[] = []

  function next(point: string): { readonly n: number; readonly share: number } {
    const n = (counts.get(point) ?? 0) + 1
    counts.set(point, n)
    return { n, share: shareOf(seed, point, n) }
  }

  return {
    happened,
    share: (point) => next(point).share,
    below: (point, limit) => Math.floor(next(point).share * limit),
    fault(point, weights, scale = 1) {
      const { n, share } = next(point)
      if (!isStormy()) return undefined
      let left = share / (intensity * scale)
      for (const name in weights) {
        // Each run has faults of its own: what others would hide can be seen.
        left -= weights[name] * boostOf(shareOf(seed, name, 0))
        if (left >= 0) continue
        const fault = `${point}#${n} ${name}`
        if (kept && !kept.has(fault)) return undefined
        happened.push(fault)
        return name
      }
      return undefined
    },
  }
}

/** In one run a kind of fault is absent, usual or frequent. */
function boostOf(share: number): number {
  if (share < 0.35) return 0
  return share < 0.85 ? 1 : 5
}

/** FNV-1a over the point, mixed with seed and number by the murmur3 finisher: 0 to 1, evenly. */
export function shareOf(seed: number, point: string, n: number): number {
  let hash = 0x811c9dc5 ^ seed
  for (let index = 0; index < point.length; index++)
    hash = Math.imul(hash ^ point.charCodeAt(index), 0x01000193)
  hash = finish(hash ^ Math.imul(n, 0x9e3779b1))
  return finish(hash ^ Math.imul(seed, 0x85ebca6b)) / 2 ** 32
}

function finish(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
