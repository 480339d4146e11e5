import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gateOf, parseProgram } from './program.ts'

const parameters = (text: string) => `\`\`\`json {"baton":"parameters"}\n${text}\n\`\`\`\n\n`
const gate = (name: string, more: object, command = 'true') =>
  `\`\`\`sh ${JSON.stringify({ name, baton: 'gate', timeout: '2h', ...more })}\n${command}\n\`\`\`\n\n`
const soak = gate('soak', { hold_for: '${SOAK}' })
const other = gate('other', {}, 'echo "$SOAKED ${DEPTH}"')
const text = parameters('{ "SOAK": "1h", "DEPTH": "3" }') + soak + other

function programOf(document: string, set: Record<string, string> = {}) {
  const parsed = parseProgram(document, 'test', new Map(Object.entries(set)))
  if (parsed.kind !== 'program') assert.fail(parsed.problems.map(({ message }) => message).join('\n'))
  return parsed.program
}

function problemsOf(document: string, set: Record<string, string> = {}): string[] {
  const parsed = parseProgram(document, 'test', new Map(Object.entries(set)))
  return parsed.kind === 'broken' ? parsed.problems.map(({ line, message }) => `${line}: ${message}`) : []
}

test('a parameter has the value of the document, or the one that is set', () => {
  assert.equal(gateOf(programOf(text), 'soak').holdForMs, 3_600_000)
  const set = programOf(text, { SOAK: '10s' })
  assert.equal(gateOf(set, 'soak').holdForMs, 10_000)
  assert.deepEqual(
    [...set.parameters],
    [
      ['SOAK', '10s'],
      ['DEPTH', '3'],
    ],
  )
})

test('another value changes the digest of each block that speaks of it, and of no other', () => {
  const before = programOf(text).blocks
  const changed = (set: Record<string, string>) =>
    [...programOf(text, set).blocks.values()].filter(({ id, digest }) => before.get(id)?.digest !== digest)
  assert.deepEqual(
    changed({ SOAK: '10s' }).map(({ id }) => id),
    ['soak'],
  )
  assert.deepEqual(
    changed({ DEPTH: '4' }).map(({ id }) => id),
    ['other'],
  )
  assert.deepEqual(changed({ SOAK: '1h' }), [])
})

test('what is wrong with parameters is said with its line, all at once', () => {
  assert.deepEqual(problemsOf(text, { DEEP: '1', DEPTH: 'a\nb' }), [
    '1: --set DEEP: the runbook has SOAK, DEPTH',
    '1: --set DEPTH: it must be a text of one line',
  ])
  assert.match(problemsOf(soak, { SOAK: '1h' })[0] ?? '', /--set SOAK: the runbook has none/)
  assert.match(problemsOf(soak)[0] ?? '', /^1: hold_for names no parameter: \$\{SOAK\}/)
  assert.match(
    problemsOf(parameters('{"PATH":"x","low":"y","N":3}') + other).join('\n'),
    /PATH.*\n.*low.*\n.*N is 3/,
  )
  assert.match(problemsOf(parameters('[1]') + other)[0] ?? '', /no JSON object/)
  assert.match(problemsOf(parameters('{') + other)[0] ?? '', /no JSON object/)
  assert.match(problemsOf(text + parameters('{}'))[0] ?? '', /stand in line 1 already/)
})
