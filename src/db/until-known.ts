import { ExponentialBackoff, handleWhen, retry, timeout, TimeoutStrategy, wrap } from 'cockatiel'
import { mayPass } from './failure.ts'

const backoff = new ExponentialBackoff({ initialDelay: 20, maxDelay: 500 })

/**
 * Repeats an idempotent statement until its outcome is known or `deadlineMs` has passed; then rejects. Only
 * for statements that carry a token or a key: run twice, they must do what they do once.
 */
export function untilKnown<Result>(deadlineMs: number, work: () => Promise<Result>): Promise<Result> {
  const policy = wrap(
    timeout(deadlineMs, TimeoutStrategy.Aggressive),
    retry(handleWhen(mayPass), { maxAttempts: 1_000, backoff }),
  )
  return policy.execute(work)
}
