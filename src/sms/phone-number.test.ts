import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readNumber } from './phone-number.ts'

test('writings of one number have one form', () => {
  for (const text of ['+12025550147', ' +1 202 555-0147 ', '+1 (202) 555.0147']) {
    const reading = readNumber(text)
    assert.ok(reading.kind === 'number', text)
    assert.deepEqual(
      [reading.e164, reading.country, reading.callingCode, reading.isAssigned],
      ['+12025550147', 'US', '1', true],
    )
  }
})

test('a country’s own form needs the country', () => {
  assert.equal(readNumber('(202) 555-0147').kind, 'invalid')
  const reading = readNumber('(202) 555-0147', 'US')
  assert.equal(reading.kind === 'number' && reading.e164, '+12025550147')
})

test('a range nobody has is possible, and said to be unassigned', () => {
  const reading = readNumber('+447700900123')
  assert.ok(reading.kind === 'number')
  assert.equal(reading.isAssigned, false)
})

test('types that cost the sender more are told', () => {
  const typeOf = (text: string) => {
    const reading = readNumber(text)
    return reading.kind === 'number' ? reading.type : reading.reason
  }
  assert.equal(typeOf('+19005550100'), 'premium_rate')
  assert.equal(typeOf('+18005550100'), 'toll_free')
})

test('what is no number is refused, and not repeated in the reason', () => {
  const texts = ['', '+', 'hello', '+1202555', '+999123456789', '12025550147', '+1202555014712345', '+1202\u0000555', '+12025550147x9', '+' + '1'.repeat(40)] // prettier-ignore
  for (const text of texts) {
    const reading = readNumber(text)
    assert.ok(reading.kind === 'invalid', text)
    assert.ok(text.length < 3 || !reading.reason.includes(text), reading.reason)
  }
})
