// What must stand behind each step of our runbook. Removing any gate, or one of the questions it asks, is noticed.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gates } from '../../src/operator/gates.ts'
import { gateOf, parseProgram, stepOf, type Program } from '../../src/runbook/program/program.ts'

const text = readFileSync(join(import.meta.dirname, '..', '..', 'MIGRATION_RUNBOOK.md'), 'utf8')

const preflight = ['programs-well', 'service-reachable', 'grants-right', 'evidence-whole']
const shadowed = [...preflight, 'off-balanced', 'shadow-harmless', 'shadow-agrees']
const drilled = [...shadowed, 'drills-fresh', 'way-back-open', 'approve-on']

/** Step -> the gates and approvals that it must not run without. */
const protections: Readonly<Record<string, readonly string[]>> = {
  off: preflight,
  shadow: [...preflight, 'off-balanced'],
  'drill-timeout': shadowed,
  'on-1': drilled,
  'on-5': [...drilled, 'on-1-right'],
  'on-25': [...drilled, 'on-1-right', 'on-5-right'],
  'on-50': [...drilled, 'on-5-right', 'on-25-right'],
  'on-100': [...drilled, 'on-25-right', 'on-50-right'],
  complete: [...drilled, 'on-100-right', 'reconciled-in-full', 'all-gates', 'approve-completion'],
}

/** Gate of the runbook -> the verbs it runs, which together are all there is to ask. */
const questions: Readonly<Record<string, readonly string[]>> = {
  'programs-well': ['status'],
  'service-reachable': ['service-reachable'],
  'grants-right': ['grants-right'],
  'evidence-whole': ['evidence verify'],
  'off-balanced': ['reconciliation-clean', 'conservation-balanced', 'in-doubt-low'],
  'shadow-harmless': ['shadow-calls-no-provider', 'shadow-moves-no-quota'],
  'shadow-agrees': [
    'shadow-coverage',
    'shadow-agreement',
    'shadow-calls-no-provider',
    'shadow-moves-no-quota',
    'reconciliation-clean',
    'conservation-balanced',
  ],
  'drills-fresh': ['fallback-drill', 'breaker-drill', 'service-down-drill', 'rollback-drill'],
  'way-back-open': ['status', 'rollback-drill', 'fallback-drill', 'grants-right', 'service-reachable'],
  'on-1-right': ['reconciliation-clean', 'conservation-balanced', 'in-doubt-low'],
  'on-5-right': ['reconciliation-clean', 'conservation-balanced', 'in-doubt-low', 'performance'],
  'on-25-right': ['reconciliation-clean', 'conservation-balanced', 'in-doubt-low', 'performance'],
  'on-50-right': ['reconciliation-clean', 'conservation-balanced', 'in-doubt-low', 'performance'],
  'on-100-right': ['reconciliation-clean', 'conservation-balanced', 'in-doubt-low', 'performance'],
  'reconciled-in-full': ['reconcile --full'],
  'all-gates': ['gate check', 'evidence verify'],
}

/** Everything that must be complete, or pass, before the step. */
function before(program: Program, step: string): Set<string> {
  const found = new Set(stepOf(program, step).rollbackNeeds)
  const waiting = [step]
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    for (const need of program.needs.get(id) ?? []) {
      if (found.has(need)) continue
      found.add(need)
      waiting.push(need)
    }
  }
  return found
}

/** What is missing; empty when every step is protected and every gate asks its questions. */
function missingIn(document: string): string[] {
  const parsed = parseProgram(document, 'ours')
  if (parsed.kind === 'broken') return parsed.problems.map(({ message }) => message)
  const { program } = parsed
  const missing: string[] = []
  for (const [step, wanted] of Object.entries(protections)) {
    if (program.blocks.get(step)?.role !== 'step') {
      missing.push(`no step ${step}`)
      continue
    }
    const there = before(program, step)
    missing.push(...wanted.filter((id) => !there.has(id)).map((id) => `${step} runs without ${id}`))
  }
  for (const [id, asked] of Object.entries(questions)) {
    if (program.blocks.get(id)?.role !== 'gate') continue
    const command = gateOf(program, id).text
    missing.push(...asked.filter((one) => !command.includes(one)).map((one) => `${id} does not ask ${one}`))
  }
  return missing
}

test('every step has its gates behind it, and every gate asks what it must', () => {
  assert.deepEqual(missingIn(text), [])
})

test('each gate of the system is asked somewhere before ON is complete', () => {
  const asked = new Set(Object.values(questions).flat())
  assert.deepEqual(
    gates.map(({ name }) => name).filter((name) => !asked.has(name)),
    [],
  )
})

const parsed = parseProgram(text, 'ours')
assert.ok(parsed.kind === 'program')
for (const { id, role, text: command } of parsed.program.blocks.values()) {
  if (role !== 'gate' && role !== 'approval') continue
  test(`without the ${role} ${id} something is unprotected`, () => {
    const fence = new RegExp(`\`\`\`\\w+ \\{[^\\n]*"name":"${id}"[^\\n]*\\n[^]*?\`\`\`\\n`)
    assert.match(text, fence)
    assert.notDeepEqual(missingIn(text.replace(fence, '')), [])
  })
  if (role !== 'gate') continue
  for (const question of questions[id] ?? [assert.fail(`gate ${id} is not in the list of questions`)])
    test(`gate ${id} without ${question} is noticed`, () => {
      assert.ok(command.includes(question))
      assert.notDeepEqual(missingIn(text.replaceAll(command, command.replaceAll(question, ''))), [])
    })
}

test('a flip without its rollback, its check or its way back is noticed', () => {
  for (const step of ['on-1', 'on-5', 'on-25', 'on-50', 'on-100']) {
    const { rollback, check, rollbackNeeds } = stepOf(parsed.program, step)
    assert.deepEqual([rollback, check, rollbackNeeds], ['to-off', `is-${step}`, ['way-back-open']])
    const percent = step.slice(3)
    assert.match(stepOf(parsed.program, step).text, new RegExp(`--ramp-percent ${percent} `))
  }
})
