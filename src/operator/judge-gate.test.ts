import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { gates, type Condition, type Gate } from './gates.ts'
import { judgeGate, type Measurement } from './judge-gate.ts'

const measurement = (gate: Gate, changes: Partial<Measurement> = {}): Measurement => ({
  asked: gate.asks,
  sample: gate.sampleMin,
  counts: Object.fromEntries(gate.passes.map(({ count, value }) => [count, value])),
  window: { from: null, to: null },
  epoch: 1,
  code_version: 'test',
  ...changes,
})

const broken = ({ is, value }: Condition): number => (is === '>=' ? value - 0.001 : value + 0.001)

describe('judge a gate', () => {
  for (const gate of gates) {
    describe(gate.name, () => {
      const judge = (changes: Partial<Measurement> = {}, ageMs = 0) =>
        judgeGate(gate, { measurement: measurement(gate, changes), ageMs })
      const withCount = (count: string, value: number) => ({
        counts: { ...measurement(gate).counts, [count]: value },
      })

      test('passes at its bounds, at the least sample and the greatest age', () => {
        assert.equal(judge({}, gate.freshMs).verdict, 'PASS')
      })

      for (const condition of gate.passes) {
        test(`fails when ${condition.count} is not ${condition.is} ${condition.value}`, () => {
          const { verdict, reasons } = judge(withCount(condition.count, broken(condition)))
          assert.equal(verdict, 'FAIL')
          assert.match(reasons.join(), new RegExp(condition.count))
        })

        test(`holds when ${condition.count} is not known`, () => {
          assert.equal(judge(withCount(condition.count, NaN)).verdict, 'HOLD')
          assert.equal(judge({ counts: {} }).verdict, 'HOLD')
        })
      }

      test('holds without data, with too little, with data too old', () => {
        assert.equal(judgeGate(gate, undefined).verdict, 'HOLD')
        assert.equal(judge({ sample: gate.sampleMin - 1 }).verdict, 'HOLD')
        assert.equal(judge({}, gate.freshMs + 1).verdict, 'HOLD')
      })

      test('a rate over too few holds; a single counter-example fails; nothing old fails or passes', () => {
        for (const condition of gate.passes) {
          const counts = withCount(condition.count, broken(condition))
          const expected = condition.is === '=' ? 'FAIL' : 'HOLD'
          assert.equal(judge({ ...counts, sample: gate.sampleMin - 1 }).verdict, expected)
          assert.equal(judge(counts, gate.freshMs + 1).verdict, 'HOLD')
        }
      })
    })
  }
})
