import { setTimeout as sleep } from 'node:timers/promises'

/** Wakes a loop that waits. What rings between two waits is heard by the next one. */
export interface Bell {
  ring(): void
  /** Ends after `ms`, with a ring since the last `quiet`, or with the signal. */
  wait(ms: number): Promise<void>
  /** Forgets what rang before: call it before looking for work. */
  quiet(): void
}

export function createBell(stopping: AbortSignal): Bell {
  let rung = new AbortController()
  return {
    ring: () => rung.abort(),
    wait: (ms) => sleep(ms, undefined, { signal: AbortSignal.any([rung.signal, stopping]) }).catch(() => {}),
    quiet() {
      rung = new AbortController()
    },
  }
}
