import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { BUCKETS_END, bucketAt, bucketOf, bucketStartMs, cut, rangeOf, widen } from './uuid-range.ts'
import { parseWindow } from './window.ts'

const NOW = Date.parse('2026-01-10T12:00:00Z')

describe('window', () => {
  test('lengths and ends, widened to whole buckets', () => {
    const parsed = parseWindow('24h', NOW)
    assert.deepEqual(parsed, { window: { from: bucketAt(NOW - 86_400_000), to: BUCKETS_END } })
    const day = parseWindow('2026-01-01T00:00:00Z..2026-01-02', NOW)
    assert.ok('window' in day)
    assert.ok(bucketStartMs(day.window.from) <= Date.parse('2026-01-01'))
    assert.ok(bucketStartMs(day.window.to) >= Date.parse('2026-01-02'))
    assert.deepEqual(parseWindow('..2026-01-02', NOW), { window: { from: 0, to: day.window.to } })
    assert.deepEqual(parseWindow('2026-01-01..2099-01-01', NOW), {
      window: { from: day.window.from, to: BUCKETS_END },
    })
    assert.deepEqual(
      parseWindow('999999d', NOW),
      { window: { from: 0, to: BUCKETS_END } },
      'enormous: all there is',
    )
  })

  const refused: readonly [string, RegExp][] = [
    ['2099-01-01..', /begins in the future: 2099/],
    ['2026-01-02..2026-01-01', /ends before it begins/],
    ['2026-01-01..2026-01-01', /ends before it begins/],
    ['0h', /is empty/],
    ['', /needs a length/],
    ['yesterday', /needs a length/],
    ['24', /needs a length/],
    ['-5h', /needs a length/],
    ['1e3h', /needs a length/],
    ['2026-13-01..', /needs a length/],
    ['2026-01-01T00:00:00..', /needs a length/],
    ['2026-01-01..2026-01-02..2026-01-03', /needs a length/],
  ]
  for (const [text, why] of refused) {
    test(`refuses ${JSON.stringify(text)}`, () => {
      const parsed = parseWindow(text, NOW)
      assert.ok('problem' in parsed)
      assert.match(parsed.problem, why)
    })
  }
})

describe('buckets of uuids', () => {
  const uuid = fc.uuid()

  test('a uuid lies in its bucket’s range and in exactly one part, in either case of letters (property)', () => {
    fc.assert(
      fc.property(uuid, fc.integer({ min: 1, max: 2_000 }), (one, parts) => {
        const bucket = bucketOf(one)
        assert.equal(bucketOf(one.toUpperCase()), bucket)
        const buckets = { from: bucket, to: bucket + 1 }
        const { from, to } = rangeOf(buckets)
        assert.ok(from <= one && one <= to)
        const ranges = cut(buckets, parts)
        assert.equal(ranges.filter((range) => range.from <= one && one <= range.to).length, 1)
        assert.deepEqual([ranges[0]?.from, ranges.at(-1)?.to], [from, to])
      }),
    )
  })

  test('the whole space has ends', () => {
    const { from, to } = rangeOf({ from: 0, to: BUCKETS_END })
    assert.match(from + to, /^[0-]+[f-]+$/)
    assert.deepEqual(widen({ from, to }, 5_000), { from, to })
  })
})
