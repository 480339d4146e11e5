/** When a message may be sent, in ms since the epoch; null: no such bound. */
export interface MessageTimes {
  readonly sendAtMs: number | null
  readonly validUntilMs: number | null
}

/**
 *   expired    valid_until has passed: nobody could send it
 *   reversed   valid_until does not lie after send_at
 *   too_far    send_at lies further ahead than messages are kept for
 */
export type TimesFault = 'expired' | 'reversed' | 'too_far'

/** What is wrong with a message's times. A `send_at` that has passed is none: it means now. */
export function timesFault(
  { sendAtMs, validUntilMs }: MessageTimes,
  nowMs: number,
  aheadMaxMs = Number.POSITIVE_INFINITY,
): TimesFault | undefined {
  if (validUntilMs !== null && validUntilMs <= nowMs) return 'expired'
  if (validUntilMs !== null && sendAtMs !== null && sendAtMs >= validUntilMs) return 'reversed'
  return sendAtMs !== null && sendAtMs - nowMs > aheadMaxMs ? 'too_far' : undefined
}
