import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { drawCourse, drawReports, type AccountFaults, type Course } from './faults.ts'

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

describe('drawReports', () => {
  const drawn = (faults: AccountFaults) =>
    drawReports(faults, () => 0.5).map(({ status, afterMs }) => [status, afterMs])

  it('sent, then delivered', () =>
    assert.deepEqual(drawn({}), [
      ['sent', 100],
      ['delivered', 600],
    ]))
  it('late', () => assert.deepEqual(drawn({ receipt_late_ms: 50 })[0], ['sent', 150]))
  it('dropped', () => assert.deepEqual(drawn({ receipt_drop: true }), []))
  it('doubled', () =>
    assert.deepEqual(
      drawn({ receipt_duplicate: 0.6 }).map(([status]) => status),
      ['sent', 'sent', 'delivered', 'delivered'],
    ))
  it('in disorder: delivered comes first', () =>
    assert.deepEqual(drawn({ receipt_disorder: true }), [
      ['sent', 600],
      ['delivered', 100],
    ]))
})
