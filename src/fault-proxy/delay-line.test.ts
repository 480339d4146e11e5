import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { createDelayLine } from './delay-line.ts'

function setUp(delayMs: number) {
  const link = { delayMs, ready: true, delivered: [] as string[] }
  const line = createDelayLine({
    delayMs: () => link.delayMs,
    isReady: () => link.ready,
    deliver: (parcel) => link.delivered.push(parcel.kind === 'bytes' ? parcel.bytes.toString() : parcel.kind),
  })
  const send = (text: string): void => line.push({ kind: 'bytes', bytes: Buffer.from(text) })
  return { link, line, send }
}

describe('delay line', () => {
  it('hands over at once without a delay', () => {
    const { link, line, send } = setUp(0)
    send('a')
    line.push({ kind: 'end' })
    assert.deepEqual(link.delivered, ['a', 'end'])
  })

  it('holds while the receiver is not ready, and goes on in order', () => {
    const { link, line, send } = setUp(0)
    link.ready = false
    send('a')
    send('b')
    line.flush()
    assert.deepEqual(link.delivered, [])
    link.ready = true
    line.flush()
    assert.deepEqual(link.delivered, ['a', 'b'])
  })

  it('delivers after the delay, never before it', async () => {
    const { link, send } = setUp(30)
    const sentAtMs = performance.now()
    send('a')
    while (link.delivered.length === 0) {
      assert.ok(performance.now() - sentAtMs < 5_000)
      await setTimeout(1)
    }
    assert.ok(performance.now() - sentAtMs >= 30)
  })

  it('applies a new delay to what waits', () => {
    const { link, line, send } = setUp(600_000)
    send('a')
    line.push({ kind: 'gone' })
    assert.deepEqual(link.delivered, [])
    link.delayMs = 0
    line.flush()
    assert.deepEqual(link.delivered, ['a', 'gone'])
  })

  it('drops what waits, with its size, and is free again', () => {
    const { link, line, send } = setUp(600_000)
    send('abc')
    send('de')
    line.push({ kind: 'end' })
    assert.equal(line.drop(), 5)
    assert.equal(line.drop(), 0)
    link.delayMs = 0
    line.flush()
    assert.deepEqual(link.delivered, [])
  })

  it('is full by bytes or by parcels, and is not once it has delivered', () => {
    for (const [size, count] of [
      [64 * 1024, 16],
      [1, 4096],
    ] as const) {
      const { link, line, send } = setUp(600_000)
      for (let index = 1; index < count; index++) send('x'.repeat(size))
      assert.equal(line.isFull(), false)
      send('x'.repeat(size))
      assert.equal(line.isFull(), true)
      link.delayMs = 0
      line.flush()
      assert.equal(line.isFull(), false)
    }
  })
})
