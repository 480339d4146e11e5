import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { groupCommit, QueueFull } from './group-commit.ts'

const tick = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('group commit', () => {
  test('callers that arrive while batches are in flight share the next one', async () => {
    const batches: number[][] = []
    const releases: (() => void)[] = []
    const group = groupCommit<number, number>({
      run: async (items) => {
        batches.push([...items])
        await new Promise<void>((resolve) => releases.push(resolve))
        return items.map((item) => item * 2)
      },
      inFlightMax: 2,
    })
    const first = group.add(1)
    await tick()
    const second = group.add(2)
    await tick()
    const rest = [3, 4, 5].map((item) => group.add(item))
    await tick()
    assert.deepEqual(batches, [[1], [2]])
    releases[0]?.()
    await first
    await tick()
    assert.deepEqual(batches, [[1], [2], [3, 4, 5]])
    releases.forEach((release) => release())
    assert.deepEqual(await Promise.all([second, ...rest]), [4, 6, 8, 10])
  })

  test('every item gets its own result, whatever the order and the weights (property)', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 3 }),
        async (items, batchMax, inFlightMax) => {
          let inFlight = 0
          const group = groupCommit<number, string>({
            run: async (batch) => {
              inFlight++
              assert.ok(inFlight <= inFlightMax)
              const weight = batch.reduce((sum, item) => sum + item, 0)
              assert.ok(batch.length === 1 || weight <= batchMax)
              await tick()
              inFlight--
              return batch.map((item) => `r${item}`)
            },
            batchMax,
            inFlightMax,
            weigh: (item) => item,
          })
          assert.deepEqual(
            await Promise.all(items.map((item) => group.add(item))),
            items.map((item) => `r${item}`),
          )
        },
      ),
      { numRuns: 60 },
    )
  })

  test('one bad item is found by halving and spoils no other', async () => {
    const bad = new Set([7, 23])
    const group = groupCommit<number, number>({
      run: async (items) => {
        if (items.some((item) => bad.has(item))) throw new Error('bad row')
        return items
      },
      isolate: () => true,
    })
    const results = await Promise.allSettled(Array.from({ length: 40 }, (_, item) => group.add(item)))
    results.forEach((result, item) => assert.equal(result.status, bad.has(item) ? 'rejected' : 'fulfilled'))
  })

  test('a failure that no item is to blame for goes to all of the batch, and is not repeated', async () => {
    let runs = 0
    const group = groupCommit<number, number>({
      run: () => {
        runs++
        return Promise.reject(new Error('server away'))
      },
    })
    const results = await Promise.allSettled([group.add(1), group.add(2)])
    assert.deepEqual(
      results.map(({ status }) => status),
      ['rejected', 'rejected'],
    )
    assert.equal(runs, 1)
  })

  test('the queue has a bound; too few results are a fault', async () => {
    const group = groupCommit<number, number>({ run: async () => [], waitingMax: 1, inFlightMax: 1 })
    const first = group.add(1)
    await assert.rejects(group.add(2), QueueFull)
    await assert.rejects(first, /gave 0 results/)
  })
})
