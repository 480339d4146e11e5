import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BEGINNING, makeLine, readChain, type Head, type Line } from './chain.ts'
import type { Entry } from './entry.ts'

function linesOf(count: number): Line[] {
  const lines: Line[] = []
  for (let n = 1; n <= count; n++) {
    const entry: Entry = { kind: 'passed', place: `gate:g${n}` }
    lines.push(makeLine(lines.at(-1) ?? BEGINNING, n, entry))
  }
  return lines
}
const bytesOf = (lines: readonly Line[]) =>
  Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
const headOf = (lines: readonly Line[]): Head => {
  const { seq, hash } = lines.at(-1) ?? BEGINNING
  return { seq, hash }
}
const lines = linesOf(6)
const whole = bytesOf(lines)
const head = headOf(lines)

function why(bytes: Buffer, kept: Head | null): string {
  const chain = readChain(bytes, kept)
  return chain.kind === 'broken' ? chain.why : 'sound'
}

test('a journal as it was written is sound, also with its head one line behind', () => {
  assert.equal(why(whole, head), 'sound')
  assert.equal(why(whole, headOf(lines.slice(0, 5))), 'sound')
  assert.equal(why(Buffer.alloc(0), null), 'sound')
  assert.equal(why(bytesOf(lines.slice(0, 1)), null), 'sound')
})

test('only an unfinished last line newer than the head is torn', () => {
  const five = headOf(lines.slice(0, 5))
  for (const left of [1, 20, 100]) {
    const chain = readChain(whole.subarray(0, bytesOf(lines.slice(0, 5)).length + left), five)
    assert.ok(chain.kind === 'sound')
    assert.deepEqual([chain.lines.length, chain.torn?.length], [5, left])
  }
  assert.match(why(whole.subarray(0, whole.length - 1), head), /its end was cut off: 5 lines are left of 6/)
})

test('a cut, edited, reordered, doubled or replaced line is refused, saying where', () => {
  const edited = Buffer.from(whole.toString().replace('gate:g3', 'gate:gX'))
  assert.match(why(edited, head), /line 3 was changed/)
  assert.match(why(bytesOf(lines.slice(0, 4)), head), /4 lines are left of 6/)
  assert.match(why(bytesOf(lines.slice(1)), head), /line 1 does not follow/)
  assert.match(why(bytesOf([...lines.slice(0, 2), ...lines.slice(3)]), head), /line 3 does not follow/)
  const [one, two, three, ...rest] = lines as [Line, Line, Line, ...Line[]]
  assert.match(why(bytesOf([one, three, two, ...rest]), head), /line 2 does not follow/)
  assert.match(why(bytesOf([one, two, two, three, ...rest]), head), /line 3 does not follow/)
  assert.match(
    why(bytesOf([...lines.slice(0, 5), makeLine(lines[4]!, 6, { kind: 'rollback-ended' })]), head),
    /head does not belong/,
  )
  assert.match(why(whole, null), /its head is missing/)
  assert.match(why(whole, headOf(lines.slice(0, 3))), /its head is older/)
  assert.match(
    why(Buffer.concat([whole.subarray(0, 30), Buffer.from('\n'), whole]), head),
    /line 1 cannot be read/,
  )
})

test('whatever single byte is changed or taken out, it is noticed', () => {
  fc.assert(
    fc.property(
      fc.nat(whole.length - 1),
      fc.integer({ min: 0, max: 255 }),
      fc.boolean(),
      (at, byte, isTakenOut) => {
        fc.pre(isTakenOut || whole[at] !== byte)
        const changed = isTakenOut
          ? Buffer.concat([whole.subarray(0, at), whole.subarray(at + 1)])
          : Buffer.from(whole).fill(byte, at, at + 1)
        return readChain(changed, head).kind === 'broken'
      },
    ),
    { numRuns: 400 },
  )
})
