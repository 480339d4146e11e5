import assert from 'node:assert/strict'
import { stripVTControlCharacters } from 'node:util'
import { test } from 'node:test'
import { block, effectStep, gate } from '../../../test/support/runbooks.ts'
import { parseProgram } from '../../runbook/program/program.ts'
import type { Phase, RunState } from '../../runbook/run/machine-state.ts'
import { advance, noProgress } from '../../runbook/run/progress.ts'
import { liveView, renderFrame } from './live-view.ts'

const parsed = parseProgram(
  effectStep('one') +
    gate('soak', 'true', { hold_for: '10s' }) +
    block({ name: 'ok', baton: 'approval' }, 'Yes.') +
    effectStep('two'),
  'book',
)
assert.ok(parsed.kind === 'program')
const { program } = parsed
const done = advance(noProgress, {
  kind: 'decided',
  step: 'one',
  is_done: true,
  by: 'x',
  reason: '',
  captured: {},
})
const progress = advance(done, {
  kind: 'judged',
  place: 'gate:soak',
  gate: 'soak',
  verdict: 'PASS',
  why: 'exit 0',
})
const stateIn = (phase: Phase): RunState => ({
  program,
  progress,
  scope: { to: null, only: null },
  isRehearsal: false,
  phase,
  pause: null,
})
const waiting = stateIn({ kind: 'waiting', place: 'gate:soak', since: 0, passSince: 4000 })
const plain = (lines: readonly string[]) => lines.map((line) => stripVTControlCharacters(line))

test('a picture shows what is done, what goes on and since when, and the newest output', () => {
  const lines = plain(renderFrame({ state: waiting, since: 1000, now: 8000, tail: 'soak | fine' }, 80))
  assert.deepEqual(lines, [
    'book  1 of 4',
    '  + step one',
    '  > gate soak  PASS: exit 0 soaking for 4s  7s',
    '  . approval ok',
    '  . step two',
    'soak | fine',
  ])
  assert.ok(
    !renderFrame({ state: waiting, since: 0, now: 0, tail: 'to +12025550123' }, 80)
      .join()
      .includes('+12025550123'),
  )
})

test('no line is wider than the terminal, wide characters included', () => {
  for (const line of plain(renderFrame({ state: waiting, since: 0, now: 0, tail: '漢'.repeat(60) }, 20)))
    assert.ok(Array.from(line).reduce((width, char) => width + (char >= 'ᄀ' ? 2 : 1), 0) < 20, line)
})

test('a picture is drawn over the one before, and a last time when the run has ended', () => {
  const written: string[] = []
  const view = liveView({
    stdin: process.stdin,
    out: (text) => written.push(text),
    err: () => {},
    exit: () => {},
    environment: {},
    workingDirectory: '/',
    isLive: true,
    columns: () => 80,
    onSignal: () => {},
    onOrphaned: () => {},
  })
  view.notice({ kind: 'state', at: 0, state: waiting })
  view.close()
  view.notice({ kind: 'state', at: 0, state: stateIn({ kind: 'ended', code: 0, why: 'complete' }) })
  view.close()
  assert.equal(written.length, 2)
  assert.ok(written[1]?.startsWith('\u001b[6A\u001b[0J'), JSON.stringify(written[1]?.slice(0, 20)))
})
