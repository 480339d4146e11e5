import { setTimeout as sleep } from 'node:timers/promises'
import { openPeer } from '../http/exchange.ts'

const POLL_MS = 50
const ANSWER_TIMEOUT_MS = 2_000

/** Asks `/healthz` until it answers 200. `late` after the bound, `given_up` when the signal comes first. */
export async function waitHealthy(
  url: string,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<'healthy' | 'late' | 'given_up'> {
  const peer = openPeer(url, 1)
  const deadline = performance.now() + timeoutMs
  try {
    while (performance.now() < deadline) {
      if (signal.aborted) return 'given_up'
      const answer = await peer.exchange({ method: 'GET', path: '/healthz', timeoutMs: ANSWER_TIMEOUT_MS })
      if (answer.kind === 'answer' && answer.status === 200) return signal.aborted ? 'given_up' : 'healthy'
      await sleep(POLL_MS, undefined, { signal }).catch(() => {})
    }
    return 'late'
  } finally {
    await peer.close()
  }
}
