import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  count,
  databaseUrl,
  milliseconds,
  oneOf,
  optionalHttpUrl,
  optionalText,
  parseSettings,
  peerPort,
  port,
  words,
} from './settings.ts'

const spec = {
  port: port('BATON_TEST_PORT', 'a port', '8080'),
  bound: milliseconds('BATON_TEST_BOUND_MS', 'a bound', '500'),
  level: oneOf(['info', 'warn'])('BATON_TEST_LEVEL', 'a level', 'info'),
  url: databaseUrl('DATABASE_URL', 'a database'),
  more: optionalText('BATON_TEST_MORE', 'more'),
  many: count('BATON_TEST_MANY', 'how many', '1'),
} as const
const DATABASE_URL = 'postgres://localhost/x'

describe('settings', () => {
  test('defaults and values', () => {
    const parsed = parseSettings(spec, { DATABASE_URL, BATON_TEST_BOUND_MS: '20', HOME: 'x' })
    assert.ok('values' in parsed)
    assert.deepEqual(parsed.values, {
      port: 8080,
      bound: 20,
      level: 'info',
      url: DATABASE_URL,
      more: null,
      many: 1,
    })
  })

  test('all problems at once, with the value and what is needed', () => {
    const parsed = parseSettings(spec, {
      BATON_TEST_PORT: '70000',
      BATON_TEST_BOUND_MS: '0',
      BATON_TEST_LEVEL: 'loud',
      BATON_TEST_MANY: '1e3',
      BATON_TEST_BOUNDS_MS: '5',
    })
    assert.ok('problems' in parsed)
    assert.deepEqual(parsed.problems, [
      'BATON_TEST_PORT: is "70000": needs a whole number from 0 to 65535',
      'BATON_TEST_BOUND_MS: is "0": needs a whole number from 1 to 2147483647',
      'BATON_TEST_LEVEL: is "loud": needs one of info, warn',
      'DATABASE_URL: is not set',
      'BATON_TEST_MANY: is "1e3": needs a whole number from 1 to 1000000',
      'BATON_TEST_BOUNDS_MS: is not a setting of Baton',
    ])
  })

  test('lists of words, addresses that may be absent, ports where somebody listens', () => {
    const more = {
      said: words('BATON_TEST_WORDS', 'words', 'STOP,STOP ALL'),
      url: optionalHttpUrl('BATON_TEST_URL', 'an address'),
      peer: peerPort('BATON_TEST_PEER', 'a port', '1'),
    }
    const parsed = parseSettings(more, {})
    assert.ok('values' in parsed)
    assert.deepEqual(parsed.values, { said: ['STOP', 'STOP ALL'], url: null, peer: 1 })
    const wrong = { BATON_TEST_WORDS: 'STOP,,END', BATON_TEST_URL: 'ftp://host', BATON_TEST_PEER: '0' }
    const refused = parseSettings(more, wrong)
    assert.ok('problems' in refused)
    assert.deepEqual(refused.problems, [
      'BATON_TEST_WORDS: is "STOP,,END": needs words with commas between them',
      'BATON_TEST_URL: is "ftp://host": needs an http or https URL',
      'BATON_TEST_PEER: is "0": needs a whole number from 1 to 65535',
    ])
  })

  test('a password is never repeated in a problem', () => {
    const parsed = parseSettings(spec, { DATABASE_URL: 'mysql://user:hunter2@host/x' })
    assert.ok('problems' in parsed)
    assert.doesNotMatch(parsed.problems.join(), /hunter2/)
  })

  test('names of other programs may stand in the same environment', () => {
    assert.ok('values' in parseSettings(spec, { DATABASE_URL, BATON_OTHER: 'x' }, ['BATON_OTHER']))
  })
})
