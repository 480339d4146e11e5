import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { drawCourse, type AccountFaults, type Course } from './faults.ts'

const SENT: Course = { kind: 'accept', answer: 'send', lateMs: 0 }

describe('drawCourse', () => {
  const cases: [string, AccountFaults, number, Course][] = [
    ['nothing set', {}, 0, SENT],
    ['false', { refuse: false, swallow: false, reset_after_accept: false, error_share: 0 }, 0, SENT],
    ['share 0 never hits', { refuse: 0, swallow: 0, reset_after_accept: 0 }, 0, SENT],
    ['share 1 always hits', { refuse: 1 }, 0.999999, { kind: 'refuse' }],
    ['below the share', { swallow: 0.3 }, 0.29, { kind: 'accept', answer: 'swallow' }],
    ['at the share', { swallow: 0.3 }, 0.3, SENT],
    ['an error before a refusal', { refuse: true, error_share: 1 }, 0.5, { kind: 'error' }],
    [
      'a reset before swallowing',
      { swallow: true, reset_after_accept: true },
      0.5,
      { kind: 'accept', answer: 'reset' },
    ],
    ['a late answer', { answer_late_ms: 7 }, 0.5, { kind: 'accept', answer: 'send', lateMs: 7 }],
  ]
  for (const [name, faults, random, expected] of cases) {
    it(name, () =>
      assert.deepEqual(
        drawCourse(faults, () => random),
        expected,
      ),
    )
  }
})
