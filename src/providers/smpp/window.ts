/** So many requests may wait for their answers at a time; whoever comes later queues, no longer than it wants. */
export interface Window {
  /** Resolves to a release to be called once, or to undefined when no place came free in time. */
  enter(timeoutMs: number): Promise<(() => void) | undefined>
}

/** `queueMax`: who comes when so many wait is turned away at once. */
export function createWindow(size: number, queueMax: number): Window {
  let free = size
  const waiting = new Set<() => void>()

  function release(): void {
    const [next] = waiting
    if (next) next()
    else free += 1
  }

  return {
    async enter(timeoutMs) {
      if (free > 0) {
        free -= 1
        return release
      }
      if (waiting.size >= queueMax) return undefined
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          waiting.delete(take)
          resolve(undefined)
        }, timeoutMs)
        const take = () => {
          clearTimeout(timer)
          waiting.delete(take)
          resolve(release)
        }
        waiting.add(take)
      })
    },
  }
}
