import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { block, bookIn, gate, temporaryFolder } from '../../../test/support/runbooks.ts'
import { plan, run, status } from './index.ts'

const parameters = '```json {"baton":"parameters"}\n{ "DEPTH": "3" }\n```\n\n'
const note = block({ name: 'note', baton: 'step', idempotent: true }, 'echo "$DEPTH" >> notes')
const held = gate('held', 'test -e open || exit 3', { timeout: '200ms' })
const last = block({ name: 'last', baton: 'step', idempotent: true }, 'echo "last $DEPTH" >> notes')
const text = parameters + note + held + last

const notesIn = (folder: string) => readFileSync(join(folder, 'notes'), 'utf8')
const set = new Map([['DEPTH', '7']])

test('what was set for a run stays set for it, without being said again', async () => {
  const folder = temporaryFolder()
  const book = bookIn(folder, text)
  const first = await run({ ...book, set }, { isExecuted: true })
  assert.deepEqual([first.kind, first.kind === 'ended' && first.code], ['ended', 3])
  assert.equal(status(book).kind, 'status')
  assert.equal(notesIn(folder), '7\n')
  writeFileSync(join(folder, 'open'), '')
  const end = await run(book, { isExecuted: true })
  assert.equal(end.kind === 'ended' && end.code, 0)
  assert.equal(notesIn(folder), '7\nlast 7\n')
})

test('another value later is an edit: refused, and refused for good where a step was done with the first one', async () => {
  const folder = temporaryFolder()
  const book = bookIn(folder, text)
  await run(book, { isExecuted: true })
  const other = await run({ ...book, set }, { isExecuted: true })
  assert.match(
    other.kind === 'refused' ? other.why : '',
    /a parameter, was edited after the run began: last, note/,
  )
  const person = { by: 'ann', reason: 'deeper' }
  const accepted = await run({ ...book, set }, { isExecuted: true, acceptEdit: person })
  assert.match(accepted.kind === 'refused' ? accepted.why : '', /changes what was done already: note/)
  assert.equal(notesIn(folder), '3\n')
})

test('a plan keeps what was set, and is stale against anything else', async () => {
  const folder = temporaryFolder()
  const book = bookIn(folder, text)
  const planned = await plan({ ...book, set })
  if (planned.kind !== 'planned') assert.fail(planned.kind)
  assert.deepEqual(planned.plan.set, { DEPTH: '7' })
  const stale = await run(book, { isExecuted: true, plan: planned.plan })
  assert.deepEqual(stale.kind === 'stale' && stale.changed, ['block last changed', 'block note changed'])
})
