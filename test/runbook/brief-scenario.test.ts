import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { harden, lint, RULE_IDS } from '../../src/runbook/index.ts'
import { renderParts } from '../../src/runbook/report/parts.ts'

const text = readFileSync(
  join(import.meta.dirname, '..', 'fixtures', 'runbooks', 'brief-scenario.md'),
  'utf8',
)

test('a runbook with each fault: every rule but the version-bound one speaks', () => {
  const found = new Set(lint(text).findings.map(({ rule }) => rule))
  assert.deepEqual(
    RULE_IDS.filter((id) => !found.has(id)),
    ['timeout-ineffective'],
  )
})

test('Parts A to D come out, the result lints clean, and all four invariants are enforced', () => {
  const result = harden(text)
  const parts = renderParts(result)
  assert.deepEqual(
    result.remaining.map(({ rule, startLine }) => `${rule} ${startLine}`),
    [],
  )
  assert.deepEqual(lint(result.after).findings, [])
  assert.deepEqual(
    Array.from(parts.matchAll(/^Part [A-D]/gm), ([part]) => part),
    ['Part A', 'Part B', 'Part C', 'Part D'],
  )
  assert.match(parts, /^- Step 3: the controller \(line \d+\)$/m)
  assert.match(parts, /^- Step 1: integrate the client \(line 12 before\)/m)
  assert.equal(parts.match(/^Invariant \d, .*: enforced$/gm)?.length, 4)
  assert.doesNotMatch(parts, /NOT CONFIRMED/)
})

test('a second run says that nothing is left to do', () => {
  const { after } = harden(text)
  const again = harden(after)
  assert.equal(again.after, after)
  assert.equal(again.edits, 0)
  assert.match(renderParts(again), /Nothing is left to do/)
})

test('the result says what the brief asks for', () => {
  const { after } = harden(text)
  assert.equal(after.match(/app\/Http\/Controllers\/SmsController\.php/g)?.length, 1)
  assert.doesNotMatch(after, /getRecipientByUuid/)
  assert.match(after, /Http::timeout\(0\.5\)/)
  assert.match(after, /if req\.DryRun \{\n\t\tlog\.Println\("DRY_RUN_NO_PROVIDER_CALL"\)/)
  assert.match(after, /SELECT message_uuid FROM sms_logs WHERE source='go'/)
  assert.match(after, /SELECT message_uuid FROM go_sms_logs/)
  assert.match(after, /in_array\(\$result->status, \['accepted', 'duplicate'\], true\)/)
})

const lineOf = (changed: string, invariant: number): string => {
  const result = { ...harden(''), final: lint(changed), remaining: [] }
  return (
    new RegExp(`^Invariant ${invariant}, .*$`, 'm').exec(
      renderParts({ ...result, before: changed, after: changed, initial: result.final }),
    )?.[0] ?? ''
  )
}

test('Part D never confirms what is not shown', () => {
  const { after } = harden(text)
  const withoutGuard = after.replace(/\tif req\.DryRun \{[\s\S]*?\n\t\}\n/, '')
  const withoutHandler = after.replace(/```go[\s\S]*?```/, '')
  const withoutText = after.replace(/2\. \*\*One identity[\s\S]*?loop\.\n/, '')
  const bare = after
    .replace("->withOptions(['timeout' => 0.5, 'connect_timeout' => 0.5])", '')
    .replace('Laravel 10.48', 'Laravel')
  assert.match(lineOf(after, 1), /enforced$/)
  assert.match(lineOf(withoutGuard, 1), /NOT CONFIRMED$/)
  assert.match(lineOf(withoutHandler, 1), /NOT CONFIRMED$/)
  assert.match(lineOf(withoutText, 2), /NOT CONFIRMED$/)
  assert.match(lineOf(bare, 1), /NOT CONFIRMED$/)
})
