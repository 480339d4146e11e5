import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeSender } from './sender.ts'

const rows: readonly (readonly [sender: string, country: string | null, expected: string])[] = [
  ['+12025550199', 'US', 'number unlisted'],
  ['24680', 'US', 'short_code unlisted'],
  ['Acme', 'DE', 'alphanumeric free'],
  ['Acme', 'GB', 'alphanumeric registered'],
  ['Acme', 'US', 'not_usable'],
  ['Acme', 'MW', 'alphanumeric unlisted'],
  ['Acme', null, 'alphanumeric unlisted'],
  ['Acme & Co', 'DE', 'alphanumeric free'],
  ['123456789012', 'DE', 'not_usable'],
  ['TwelveLetter', 'DE', 'not_usable'],
  ['Ácme', 'DE', 'not_usable'],
  ['Acme\n', 'DE', 'not_usable'],
  [' Acme', 'DE', 'not_usable'],
  ['+1202555', 'US', 'not_usable'],
  ['+1 202 555 0199', 'US', 'not_usable'],
  ['', 'DE', 'not_usable'],
]

for (const [sender, country, expected] of rows) {
  test(`${JSON.stringify(sender)} to ${country}: ${expected}`, () => {
    const verdict = judgeSender(sender, country)
    const seen = verdict.kind === 'usable' ? `${verdict.sender} ${verdict.rule}` : verdict.kind
    assert.equal(seen, expected)
  })
}
