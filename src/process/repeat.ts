import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Runs `work` again and again with a pause between two runs, until the signal. A failure is reported and the
 * next run comes as usual. Resolves after the run in progress.
 */
export async function repeat(
  intervalMs: number,
  signal: AbortSignal,
  work: () => Promise<unknown>,
  onError: (error: unknown) => void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await work()
    } catch (error) {
      onError(error)
    }
    await sleep(intervalMs, undefined, { signal }).catch(() => {})
  }
}
