import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { harden, lint } from '../../src/runbook/index.ts'
import { BLOCKS } from '../fixtures/runbooks/blocks.ts'
import { SENTENCES } from '../fixtures/runbooks/sentences.ts'

const clean = readFileSync(join(import.meta.dirname, '..', 'fixtures', 'runbooks', '15-clean.md'), 'utf8')
const duty = '- `wren` answers slower than 400 ms for 5 minutes: page the duty engineer.'
const rights = '## Step 4: rights'

function rulesOf(text: string): string[] {
  return [...new Set(lint(text).findings.map(({ rule }) => rule))]
}

test('the places to write into stand there once', () => {
  assert.deepEqual([clean.split(duty).length, clean.split(rights).length], [2, 2])
})

for (const [rule, sentence] of SENTENCES) {
  test(`prose: ${rule || 'no finding'}: ${sentence}`, () => {
    const text = clean.replace(duty, () => `${duty}\n- ${sentence}`)
    assert.deepEqual(rulesOf(text), rule === '' ? [] : [rule])
    const { after } = harden(text)
    if (rule === '') assert.equal(after, text)
    else assert.equal(harden(after).after, after)
  })
}

for (const [index, [rule, language, code]] of BLOCKS.entries()) {
  test(`${language}: ${rule || 'no finding'} (${index})`, () => {
    const text = clean.replace(
      rights,
      () => `## Step 3b: more\n\nUse this:\n\n\`\`\`${language}\n${code}\n\`\`\`\n\n${rights}`,
    )
    assert.deepEqual(rulesOf(text), rule === '' ? [] : [rule])
    const { after } = harden(text)
    assert.equal(harden(after).after, after)
  })
}
