import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleAll } from 'cockatiel'
import type { Logger } from 'pino'

export type BreakerState = 'closed' | 'open' | 'half_open'

/**
 *   closed --(failures in a row)--> open --(pause)--> half_open --(probe fails)--> open
 *      ^                                                  '--------(probe answers)--> closed
 *
 * Real messages pass only while it is closed. The probe of the half-open state is a health check.
 */
export interface Breaker {
  readonly state: BreakerState
  /** Runs a call; a rejection counts as a failure. Only to be used while closed. */
  execute<Result>(call: () => Promise<Result>): Promise<Result>
  close(): void
}

export interface BreakerOptions {
  /** Failed calls in a row that open it. */
  readonly failuresMax: number
  /** Pause before the first probe, and between probes. */
  readonly probeIntervalMs: number
  /** The health check; rejects while the peer is not well. */
  readonly probe: () => Promise<void>
  readonly log: Logger
}

export function createBreaker({ failuresMax, probeIntervalMs, probe, log }: BreakerOptions): Breaker {
  const policy = circuitBreaker(handleAll, {
    breaker: new ConsecutiveBreaker(failuresMax),
    halfOpenAfter: probeIntervalMs,
  })
  let timer: NodeJS.Timeout | undefined
  let closed = false

  function probeLater(): void {
    if (closed) return
    // A millisecond behind the policy's own clock, so that the call below is the half-open one.
    timer = setTimeout(() => {
      policy.execute(probe).catch(() => {
        if (policy.state !== CircuitState.Closed) probeLater()
      })
    }, probeIntervalMs + 1)
  }

  policy.onBreak(() => {
    log.warn({ failures: failuresMax }, 'breaker open: the service is not called')
    clearTimeout(timer)
    probeLater()
  })
  policy.onReset(() => log.info('breaker closed: the service is called again'))

  return {
    get state() {
      if (policy.state === CircuitState.Closed) return 'closed'
      return policy.state === CircuitState.HalfOpen ? 'half_open' : 'open'
    },
    execute: (call) => policy.execute(call),
    close() {
      closed = true
      clearTimeout(timer)
    },
  }
}
