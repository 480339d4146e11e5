import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readAttributes } from './attributes.ts'
import { durationMs, durationText } from './duration.ts'
import { parseProgram, stepOf } from './program.ts'

const block = (attributes: string, text = 'true', language = 'sh') =>
  `\`\`\`${language} ${attributes}\n${text}\n\`\`\`\n\n`
const check = block('{"name":"c","baton":"check","timeout":"1s"}')
const step = (name: string, more = '') =>
  block(`{"name":"${name}","baton":"step","timeout":"1s","check":"c","rollback":"r"${more}}`)
const undo = block('{"name":"r","baton":"rollback","timeout":"1s"}')

function problemsOf(text: string): string[] {
  const parsed = parseProgram(text, 'test')
  const problems = parsed.kind === 'broken' ? parsed.problems : parsed.warnings
  return problems.map(({ severity, line, message }) => `${severity} ${line}: ${message}`)
}

function programOf(text: string) {
  const parsed = parseProgram(text, 'test')
  if (parsed.kind !== 'program') assert.fail(parsed.problems.map(({ message }) => message).join('\n'))
  return parsed.program
}

test('both forms of attributes say the same', () => {
  const json = readAttributes('sh {"name":"a","baton":"step","timeout":"60s"}')
  const pairs = readAttributes('sh { name=a baton=step timeout=60s }')
  assert.equal(json.kind, 'attributes')
  assert.deepEqual(pairs, json)
  assert.deepEqual(readAttributes('sh {name="a" baton=\'step\' timeout=60s}'), json)
})

test('an info string that does not speak of baton is prose, whatever it looks like', () => {
  for (const info of [
    'sh',
    '',
    'sh {"name":"x"}',
    'php {broken',
    'js {1,3-5}',
    'sh title="baton"',
    '{.sh #id}',
  ])
    assert.deepEqual(readAttributes(info), { kind: 'none' }, info)
  assert.equal(
    parseProgram(block('') + block('{"name":"x"}') + step('a') + check + undo, 't').kind,
    'program',
  )
})

test('attributes that cannot be read are a problem, not prose', () => {
  for (const info of [
    'sh {"name":"a","baton":"step"',
    'sh {"name":"a",baton:"step"}',
    'sh {"baton":"step","baton":"gate"}',
    'sh {"baton":"step","name":"a","name":"b"}',
    'sh { name=a baton=step loose }',
    'sh { baton=step baton=gate }',
  ])
    assert.equal(readAttributes(info).kind, 'unreadable', info)
})

test("the order is the document's unless needs say otherwise", () => {
  const text = step('a', ',"needs":"z"') + step('b') + step('z', ',"needs":[]') + check + undo
  const { stations, needs, places } = programOf(text)
  assert.deepEqual(
    stations.map(({ id }) => id),
    ['z', 'a', 'b'],
  )
  assert.deepEqual(
    [...needs],
    [
      ['a', ['z']],
      ['b', ['a']],
      ['z', []],
    ],
  )
  assert.deepEqual(
    places.map(({ key }) => key),
    ['step:z', 'step:a', 'step:b'],
  )
})

test('a step takes its own gates with it; they stand nowhere else', () => {
  const gate = (name: string) => block(`{"name":"${name}","baton":"gate","timeout":"1s"}`)
  const text = gate('g') + step('a', ',"after":"h","rollback_needs":"g"') + gate('h') + check + undo
  assert.deepEqual(
    programOf(text).places.map(({ key }) => key),
    ['before:a:g', 'step:a', 'after:a:h'],
  )
})

test('values of every kind are read', () => {
  const text =
    block(
      '{"name":"a","baton":"step","timeout":"1h30m","check":"c","expect":"0,3","expect_json":{"$.mode":"ON"},"capture":{"EPOCH":"$.epoch"},"rehearse":"run","on_fail":"stop","interactive":"false"}',
    ) + check
  const read = stepOf(programOf(text), 'a')
  assert.equal(read.timeoutMs, 5_400_000)
  assert.deepEqual(read.expect.codes, [0, 3])
  assert.deepEqual([...read.expect.json], [['$.mode', 'ON']])
  assert.deepEqual([...read.capture], [['EPOCH', '$.epoch']])
  assert.equal(read.runsInRehearsal, true)
})

test('what changes a block changes its digest, how it looks does not', () => {
  const digest = (more: string, text = 'true') =>
    stepOf(programOf(block(`{"name":"a","baton":"step","timeout":"1s","idempotent":true${more}}`, text)), 'a')
      .digest
  assert.equal(digest(''), digest(',"interactive":"true"'))
  assert.notEqual(digest(''), digest('', 'false'))
  assert.notEqual(digest(''), digest(',"expect":"1"'))
})

const bad: readonly (readonly [string, string, readonly RegExp[]])[] = [
  ['nothing to run', '# Title\n\ntext\n', [/error 1: nothing here runs/]],
  ['no such role', block('{"name":"a","baton":"stage"}'), [/no such role: stage: .*step, gate/]],
  ['unknown attribute', step('a', ',"retries":3') + check + undo, [/no such attribute: retries/]],
  [
    'an attribute of another role',
    block('{"name":"c","baton":"check","timeout":"1s","after":"x"}'),
    [/no such attribute: after/],
  ],
  ['no name', block('{"baton":"check","timeout":"1s"}'), [/has no name/]],
  ['a name with a slash', block('{"name":"../x","baton":"check","timeout":"1s"}'), [/name is "..\/x"/]],
  ['no timeout', block('{"name":"c","baton":"check"}'), [/error 1: check: has no timeout/]],
  [
    'a bad timeout',
    block('{"name":"c","baton":"check","timeout":"soon"}'),
    [/timeout is "soon": it must be a duration/],
  ],
  ['a timeout of nothing', block('{"name":"c","baton":"check","timeout":"0s"}'), [/timeout is 0/]],
  [
    'the same name twice',
    step('a') + step('a') + check + undo,
    [/error 5: step a: this name is taken: the step in line 1/],
  ],
  ['needs nothing', step('a', ',"needs":"ghost"') + check + undo, [/needs names nothing: ghost/]],
  [
    'a gate that is none',
    step('a', ',"after":"c"') + check + undo,
    [/after names a check: c: it must be a gate/],
  ],
  ['a gate that does not exist', step('a', ',"after":"g"') + check + undo, [/after names nothing: g/]],
  ['a check that does not exist', step('a') + undo, [/check names nothing: c/]],
  ['a rollback that does not exist', step('a') + check, [/rollback names nothing: r/]],
  [
    'no check',
    block('{"name":"a","baton":"step","timeout":"1s"}'),
    [/has no check/, /warning .* no rollback/],
  ],
  [
    'rollback_needs without rollback',
    block('{"name":"a","baton":"step","timeout":"1s","idempotent":true,"rollback_needs":"g"}') +
      block('{"name":"g","baton":"gate","timeout":"1s"}'),
    [/rollback_needs without a rollback/],
  ],
  [
    'rolls back to nothing',
    block('{"name":"a","baton":"step","timeout":"1s","idempotent":true,"on_fail":"rollback"}'),
    [/no step has a rollback/],
  ],
  ['needs itself', step('a', ',"needs":"a"') + check + undo, [/needs itself/]],
  [
    'a circle',
    step('a', ',"needs":"b"') + step('b', ',"needs":"a"') + check + undo,
    [/error 1: .*go round: a, b/, /error 5: .*go round/],
  ],
  [
    'another language',
    block('{"name":"c","baton":"check","timeout":"1s"}', '$a;', 'php'),
    [/cannot run this language: php/],
  ],
  ['an empty block', block('{"name":"c","baton":"check","timeout":"1s"}', ' '), [/the block is empty/]],
  [
    'a quotation',
    '> ```sh {"name":"c","baton":"check","timeout":"1s"}\n> true\n> ```\n',
    [/stands in a quotation/],
  ],
  [
    'a soak without room',
    block('{"name":"g","baton":"gate","timeout":"1m","hold_for":"1m"}'),
    [/leaves no room for hold_for/],
  ],
  ['PATH captured', step('a', ',"capture":{"PATH":"$.x"}') + check + undo, [/reserved/]],
  ['no JSONPath', step('a', ',"capture":{"X":"$.["}') + check + undo, [/capture is/]],
  ['an exit code out of range', step('a', ',"expect":"256"') + check + undo, [/expect is "256"/]],
  [
    'needs a gate of another step',
    step('a', ',"after":"g"') +
      block('{"name":"g","baton":"gate","timeout":"1s"}') +
      step('b', ',"needs":"g"') +
      check +
      undo,
    [/step b: needs g, which a step evaluates as its own/],
  ],
  [
    'never used',
    step('a') + check + undo + block('{"name":"x","baton":"check","timeout":"1s"}'),
    [/warning 13: check x: no step names it/],
  ],
]

for (const [name, text, expected] of bad)
  test(`a problem with its line: ${name}`, () => {
    const problems = problemsOf(text)
    for (const pattern of expected)
      assert.ok(
        problems.some((problem) => pattern.test(problem)),
        problems.join('\n'),
      )
  })

test('all problems are told at once, in the order of the lines', () => {
  const text =
    block('{"name":"a","baton":"step"}') + block('{"name":"b","baton":"nothing"}') + step('x', ',"oops":1')
  const parsed = parseProgram(text, 't')
  assert.ok(parsed.kind === 'broken')
  assert.deepEqual(
    parsed.problems.map(({ line }) => line),
    [1, 5, 9],
  )
})

test('blocks in lists, with CRLF and a byte order mark, run the same', () => {
  const plain = programOf(step('a') + check + undo)
  const listed = programOf(
    `\uFEFF1. do\n\n   ${step('a').replaceAll('\n', '\n   ')}\n\n${check}${undo}`.replaceAll('\n', '\r\n'),
  )
  assert.equal(stepOf(listed, 'a').digest, stepOf(plain, 'a').digest)
})

test('durations', () => {
  assert.deepEqual(['500ms', '60s', '1h30m', '2d', '31d', '', '5', '5 s', '-1s', '1.5s'].map(durationMs), [
    500,
    60_000,
    5_400_000,
    172_800_000,
    null,
    null,
    null,
    null,
    null,
    null,
  ])
  assert.deepEqual([800, 12_300, 200_000, 7_500_000].map(durationText), ['800ms', '12s', '3m20s', '2h05m'])
})
