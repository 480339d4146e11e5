import assert from 'node:assert/strict'
import { test } from 'node:test'
import { timesFault, type TimesFault } from './message-times.ts'

const NOW = 1_000
const AHEAD_MAX = 500

// Every pair of: absent, past, now, near, at the bound, beyond it.
const moments = { none: null, past: 999, now: 1_000, near: 1_001, bound: 1_500, beyond: 1_501 }
type Moment = keyof typeof moments
const ok = undefined
const expected: Record<Moment, Record<Moment, TimesFault | undefined>> = {
  // send_at: { valid_until: ... }
  none: { none: ok, past: 'expired', now: 'expired', near: ok, bound: ok, beyond: ok },
  past: { none: ok, past: 'expired', now: 'expired', near: ok, bound: ok, beyond: ok },
  now: { none: ok, past: 'expired', now: 'expired', near: ok, bound: ok, beyond: ok },
  near: { none: ok, past: 'expired', now: 'expired', near: 'reversed', bound: ok, beyond: ok },
  bound: { none: ok, past: 'expired', now: 'expired', near: 'reversed', bound: 'reversed', beyond: ok },
  beyond: {
    none: 'too_far',
    past: 'expired',
    now: 'expired',
    near: 'reversed',
    bound: 'reversed',
    beyond: 'reversed',
  },
}

for (const [sendAt, byValidity] of Object.entries(expected)) {
  for (const [validUntil, fault] of Object.entries(byValidity)) {
    test(`send_at ${sendAt}, valid_until ${validUntil}: ${fault ?? 'fine'}`, () => {
      const times = { sendAtMs: moments[sendAt as Moment], validUntilMs: moments[validUntil as Moment] }
      assert.equal(timesFault(times, NOW, AHEAD_MAX), fault)
    })
  }
}

test('without a bound nothing is too far', () => {
  assert.equal(timesFault({ sendAtMs: 8.64e15, validUntilMs: null }, NOW), undefined)
})
