// A small seeded generator: the order of faults can be had again from the seed, their timing cannot.
import { setTimeout as delay } from 'node:timers/promises'

export interface Seeded {
  /** In [0, 1). */
  random(): number
  pick<Value>(values: readonly Value[]): Value
  /** A whole number from `least` up to and with `most`. */
  between(least: number, most: number): number
  chance(share: number): boolean
  /** Another generator, whose draws do not depend on how often this one is used. */
  branch(name: string): Seeded
}

export function seeded(seed: number): Seeded {
  let state = seed | 0
  const random = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    random,
    pick: <Value>(values: readonly Value[]) => values[Math.floor(random() * values.length)] as Value,
    between: (least, most) => least + Math.floor(random() * (most - least + 1)),
    chance: (share) => random() < share,
    branch: (name) => seeded(Buffer.from(name).reduce((sum, byte) => Math.imul(sum, 31) + byte, seed)),
  }
}

/** Resolves after the time, or at once when the signal fires. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await delay(ms, undefined, signal ? { signal } : {}).catch((error: unknown) => {
    if (!signal?.aborted) throw error
  })
}
