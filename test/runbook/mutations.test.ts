import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { lint } from '../../src/runbook/index.ts'
import { MUTATIONS } from '../fixtures/runbooks/mutations.ts'

const clean = readFileSync(join(import.meta.dirname, '..', 'fixtures', 'runbooks', '15-clean.md'), 'utf8')

test('the hardened runbook has no finding', () => {
  assert.deepEqual(lint(clean).findings, [])
})

for (const [index, { rule, find, put }] of MUTATIONS.entries()) {
  test(`breaking it brings exactly ${rule} (${index})`, () => {
    assert.equal(clean.split(find).length, 2, `the text to replace stands there once: ${find}`)
    const broken = clean.replace(find, () => put)
    const rules = new Set(lint(broken).findings.map((finding) => finding.rule))
    assert.deepEqual([...rules], [rule], put)
  })
}
