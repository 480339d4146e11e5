import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { bugs } from './bugs.ts'
import { shareOf } from './chance.ts'
import { plantBug } from './plant-bug.ts'
import { planFor } from './plan.ts'
import { skippedAsLong } from '../../test/support/long.ts'
import { findBug, proveSimulation } from './prove-simulation.ts'
import { sequenceDiagram } from './sequence-diagram.ts'
import { startThread } from './threads.ts'

const root = join(import.meta.dirname, '..', '..')
const SCHEDULES = 400
const LONG_SCHEDULES = 10_000
/** In so many every bug is found that needs nothing rare. */
const BUG_SCHEDULES = 3_000

const bugNamed = (name: string) => {
  const bug = bugs.find((one) => one.name === name)
  if (!bug) throw new Error(`no bug is named ${name}`)
  return bug
}

describe('simulation', () => {
  test(`I1 to I12 hold in ${SCHEDULES} schedules of the real code`, async () => {
    const proof = await proveSimulation({ schedules: SCHEDULES, bugSchedulesMax: 0 })
    assert.deepEqual(proof.failed, [])
    assert.equal(proof.cases, SCHEDULES)
    for (const seen of ['lost_races', 'in_doubt', 'fallbacks', 'flips_in_flight', 'commit_answers_lost']) {
      assert.ok((proof.witnesses[seen] ?? 0) > 0, `no ${seen} in ${SCHEDULES} schedules`)
    }
  })

  test(
    `I1 to I12 hold in ${LONG_SCHEDULES} schedules that have seen all kinds of trouble`,
    {
      skip: skippedAsLong,
    },
    async () => {
      const proof = await proveSimulation({ schedules: LONG_SCHEDULES, bugSchedulesMax: 0 })
      assert.deepEqual(proof.failed, [])
      assert.deepEqual(proof.missing, [])
    },
  )

  for (const bug of bugs.filter(({ schedulesMax }) => schedulesMax === undefined)) {
    test(`finds each planted bug: ${bug.name}`, { skip: skippedAsLong }, async () => {
      assert.ok((await findBug(bug, BUG_SCHEDULES)).found)
    })
  }

  test('one seed is one run: whatever the thread has done before, every event is the same', async () => {
    const [fresh, used] = [startThread(root), startThread(root)]
    try {
      const first = await fresh.run({ firstSeed: 1, count: 60, stopsAtFirst: false })
      await used.run({ firstSeed: 500, count: 25, stopsAtFirst: false })
      const second = await used.run({ firstSeed: 1, count: 60, stopsAtFirst: false })
      const other = await used.run({ firstSeed: 2, count: 60, stopsAtFirst: false })
      assert.equal(second.hash, first.hash)
      assert.equal(second.events, first.events)
      assert.notEqual(other.hash, first.hash)
    } finally {
      await Promise.all([fresh.stop(), used.stop()])
    }
  })

  for (const [name, promise] of [
    ['an expired dispatch is stolen', /^I1: .* was sent 2 times/],
    ['quota is charged for a fallback', /^I7: /],
    ['SHADOW touches quota', /^I4: /],
    ['the recorder drops an answer', /^I12: /],
    ['what is scheduled is sent at once', /^times: /],
    ['a hand-back takes what is being sent', /^I1: /],
  ] as const) {
    test(`finds a planted bug: ${name}`, async () => {
      const { found, by } = await findBug(bugNamed(name), 1_000)
      assert.ok(found)
      assert.match(by ?? '', promise)
    })
  }

  test('a broken promise is shrunken to the faults it needs, and drawn', async () => {
    const planted = plantBug(root, bugNamed('a message in doubt is sent again'))
    const thread = startThread(planted.root)
    try {
      const { failed } = await thread.run({ firstSeed: 1, count: 1_000, stopsAtFirst: true })
      const seed = failed[0]?.seed ?? 0
      const run = await thread.replay(seed)
      assert.match(run.violations[0] ?? '', /^I1: /)
      assert.ok(run.faults.length <= 6, `left after shrinking: ${run.faults.join(', ')}`)
      assert.ok(run.faults.some((fault) => fault.endsWith('request')))
      const drawing = sequenceDiagram(run.lines)
      assert.match(drawing, /^sequenceDiagram\n/)
      const sends = Array.from(drawing.matchAll(/handset: \d+ ms: SMS (id\d+)/g), ([, id]) => id)
      assert.ok(new Set(sends).size < sends.length, drawing)
    } finally {
      await thread.stop()
      planted.remove()
    }
  })

  test('every planted bug still has its place in the sources, exactly once', () => {
    for (const bug of bugs) plantBug(root, bug).remove()
    const moved = { name: 'moved', edits: [{ file: 'src/core/quota.ts', search: 'not there', replace: '' }] }
    assert.throws(() => plantBug(root, moved), /has its place 0 times/)
  })

  test('a plan and a choice depend on the seed alone', () => {
    assert.deepEqual(planFor(7), planFor(7))
    assert.notDeepEqual(planFor(7), planFor(8))
    assert.equal(shareOf(1, 'point', 3), shareOf(1, 'point', 3))
    const shares = Array.from({ length: 4_000 }, (_, n) => shareOf(9, 'point', n))
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length
    assert.ok(Math.abs(mean - 0.5) < 0.03, `not even: ${mean}`)
  })
})
