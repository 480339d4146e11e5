/** Waits that one call ends, all at once. */
export interface Pauses {
  /** True when the time has passed, false when the waiting was ended before. */
  readonly wait: (durationMs: number) => Promise<boolean>
  readonly end: () => void
}

/** A set instead of an abort signal: thousands wait at a time, and removing a listener searches them all. */
export function createPauses(): Pauses {
  const waiting = new Set<() => void>()
  let ended = false
  const wait = (durationMs: number): Promise<boolean> => {
    if (ended) return Promise.resolve(false)
    return new Promise((resolve) => {
      const finish = (passed: boolean): void => {
        clearTimeout(timer)
        waiting.delete(cancel)
        resolve(passed)
      }
      const cancel = (): void => finish(false)
      const timer = setTimeout(finish, durationMs, true)
      waiting.add(cancel)
    })
  }
  const end = (): void => {
    ended = true
    for (const cancel of waiting) cancel()
  }
  return { wait, end }
}
