import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { choiceIn } from './keyword.ts'

const keywords = { stop: ['STOP', 'stop all', 'СТОП'], start: ['START', 'UNSTOP'] }

test('a keyword alone decides, however it is written', () => {
  for (const text of [
    'STOP',
    'stop',
    ' Stop. ',
    '"STOP"',
    'stop!!',
    'ＳＴＯＰ',
    'Stop\n',
    'Stop  All',
    'стоп',
    'stop 🙏',
  ]) {
    assert.equal(choiceIn(text, keywords), 'stop', text)
  }
  for (const text of ['start', 'Unstop.', ' START ']) assert.equal(choiceIn(text, keywords), 'start', text)
})

test('anything else decides nothing', () => {
  for (const text of [
    '',
    ' ',
    '...',
    'stopp',
    'STOPPING',
    'when does it stop?',
    'do not stop',
    'st op',
    'restart',
  ]) {
    assert.equal(choiceIn(text, keywords), undefined, text)
  }
})

test('with words before or after it, it is a sentence', () => {
  fc.assert(
    fc.property(fc.constantFrom(...keywords.stop), fc.stringMatching(/^[a-z]{1,10}$/), (word, other) => {
      assert.equal(choiceIn(`${other} ${word}`, keywords), undefined)
      assert.equal(choiceIn(`${word}${other}`, keywords), undefined)
    }),
  )
})

test('a long text is no keyword, and costs nothing', () => {
  assert.equal(choiceIn(`STOP${' '.repeat(1_000_000)}`, keywords), undefined)
})
