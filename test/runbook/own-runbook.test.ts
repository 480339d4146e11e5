// Our own migration runbook is held to the rules that everybody's is held to.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { harden, lint } from '../../src/runbook/index.ts'

const text = readFileSync(join(import.meta.dirname, '..', '..', 'MIGRATION_RUNBOOK.md'), 'utf8')

test('it is about this migration, lints clean and comes through hardening byte for byte', () => {
  assert.deepEqual(lint(text).findings, [])
  assert.equal(harden(text).after, text)
})

test('without a query, the mismatch rule or the timeout drill it does not', () => {
  const without = (part: RegExp) => {
    assert.match(text, part)
    return lint(text.replace(part, '')).findings.map(({ rule }) => rule)
  }
  assert.deepEqual(without(/SELECT message_uuid FROM go_sms_logs;/), ['reconcile-queries-missing'])
  assert.deepEqual(without(/\*\*Mismatch rule[^]*?\n\n/), ['mismatch-rule-missing'])
  assert.deepEqual(without(/\*\*Simulated timeout[^]*?\n\n/), ['gate-timeout-missing'])
})
