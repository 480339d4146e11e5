import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createConsoleLog } from './console-log.ts'
import { readLogLine } from './log-line.ts'

const textOf = (entry: object): string =>
  readLogLine(JSON.stringify({ level: 'info', msg: 'm', ...entry })).text

test('an entry becomes its message and its fields, without what every entry has', () => {
  const time = new Date(2026, 0, 2, 3, 4, 5, 6).toISOString()
  const line = readLogLine(
    JSON.stringify({
      level: 40,
      time,
      pid: 1,
      hostname: 'h',
      name: 'gateway',
      msg: 'mode changed',
      mode: 'ON',
      why: 'a b',
    }),
  )
  assert.deepEqual(line, { time: '03:04:05.006', level: 'warn', text: 'mode changed mode=ON why="a b"' })
})

test('an error is one line: its message, code, causes and place', () => {
  const cause = { message: 'no route', code: 'EHOSTUNREACH' }
  const stack = '    at send (file:///srv/baton/src/gateway/on-send.ts:12:5)\n    at other (node:net:1:1)'
  assert.equal(
    textOf({ err: { message: 'failed', stack, cause } }),
    'm error=failed at=src/gateway/on-send.ts:12 because: error="no route" code=EHOSTUNREACH',
  )
})

test('bodies and whole numbers never show, wherever they stand', () => {
  const text = textOf({
    body: 'hello there',
    to: '+12025550100',
    message: { body: 'hello there', deep: [{ recipient: '+12025550100' }] },
    detail: 'cannot send to +447700900123 now',
  })
  assert.ok(!text.includes('hello there') && !text.includes('+12025550100'), text)
  assert.ok(text.includes('+44770090****'), text)
  assert.equal(readLogLine('raw +12025550100,').text, 'raw +1202555****,')
})

test('a line that is no entry passes as it is, a very long one is cut', () => {
  for (const raw of ['plain words', '{"level":', '{"no":"entry"}', ''])
    assert.deepEqual(readLogLine(raw), { time: undefined, level: undefined, text: raw })
  assert.equal(readLogLine('x'.repeat(5_000)).text.length, 1_001)
})

test('colours only where they are wanted', () => {
  const written = (colour: boolean): string => {
    const lines: string[] = []
    createConsoleLog((line) => lines.push(line), colour).say('warn', 'careful', 'gateway')
    return lines.join('\n')
  }
  assert.match(written(false), /^gateway {5}│ \d\d:\d\d:\d\d\.\d{3} warn {2}careful$/)
  assert.ok(written(true).includes('\u001B['))
})
