// The protocol's model in its small configurations, with every design mistake planted. In full: npm run model.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { proveDesign, STATES_MIN } from '../prove/design.ts'
import { brokenPromise, plantedBugs } from '../prove/planted-bugs.ts'
import { spinMissing } from '../prove/spin.ts'

describe('the protocol’s model', { skip: spinMissing() ?? false }, () => {
  test('keeps every promise in every state, drains, and shows each planted design mistake', async (context) => {
    const proof = await proveDesign({ size: 'short', report: (line) => context.diagnostic(line) })
    assert.equal(proof.errors, 0)
    assert.ok(proof.states >= STATES_MIN.short, `${proof.states} states`)
    assert.deepEqual(
      proof.bugs.filter(({ found }) => !found).map(({ name }) => name),
      [],
    )
    assert.equal(proof.bugs.length, plantedBugs.length)
  })
})

test('what the checker says is told by the promise that is broken', () => {
  assert.match(brokenPromise('pan:1: assertion violated (broken!=10) (at depth 7)') ?? '', /^I10/)
  assert.match(brokenPromise('pan:1: acceptance cycle (at depth 7)') ?? '', /^I11/)
  assert.equal(brokenPromise('State-vector 92 byte, depth reached 202, errors: 1'), 'another error')
  assert.equal(brokenPromise('State-vector 92 byte, depth reached 202, errors: 0'), null)
})
