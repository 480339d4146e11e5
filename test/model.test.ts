// The protocol's model in its small configurations, with every design mistake planted; without LONG_TESTS in the
// smallest, with some of them. In full: npm run model.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { proveDesign, STATES_MIN } from '../prove/design.ts'
import { brokenPromise, plantedBugs } from '../prove/planted-bugs.ts'
import { spinMissing } from '../prove/spin.ts'
import { skippedAsLong } from './support/long.ts'

/** A mistake of each kind: of the protocol, of the ledger's statements, of a restore, of what drains. */
const OF_EVERY_DAY = new Set([1, 3, 12, 26])
const isLong = skippedAsLong === undefined
const size = isLong ? 'short' : 'quick'
const planted = plantedBugs.filter(({ number }) => isLong || OF_EVERY_DAY.has(number))

describe('the protocol’s model', { skip: spinMissing() ?? false }, () => {
  test('keeps every promise in every state, drains, and shows each planted design mistake', async (context) => {
    const proof = await proveDesign({ size, planted, report: (line) => context.diagnostic(line) })
    assert.equal(proof.errors, 0)
    assert.ok(proof.states >= STATES_MIN[size], `${proof.states} states`)
    assert.deepEqual(
      proof.bugs.filter(({ found }) => !found).map(({ name }) => name),
      [],
    )
    assert.equal(proof.bugs.length, planted.length)
    assert.ok(planted.length >= 4)
  })
})

test('what the checker says is told by the promise that is broken', () => {
  assert.match(brokenPromise('pan:1: assertion violated (broken!=10) (at depth 7)') ?? '', /^I10/)
  assert.match(brokenPromise('pan:1: acceptance cycle (at depth 7)') ?? '', /^I11/)
  assert.equal(brokenPromise('State-vector 92 byte, depth reached 202, errors: 1'), 'another error')
  assert.equal(brokenPromise('State-vector 92 byte, depth reached 202, errors: 0'), null)
})
