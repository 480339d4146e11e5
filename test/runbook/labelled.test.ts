import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { labelledFiles, score } from './labelled.ts'

const own = join(import.meta.dirname, '..', 'fixtures', 'runbooks')
const shared = join(import.meta.dirname, '..', '..', '..', 'shared', 'runbooks')

function hold(folder: string): void {
  const files = labelledFiles(folder)
  assert.ok(files.length > 0, `no labelled runbook in ${folder}`)
  const scores = files.map((file) => score(folder, file))
  const defects = scores.reduce((sum, { defects }) => sum + defects, 0)
  const fixed = scores.reduce((sum, { fixed }) => sum + fixed, 0)
  for (const { file, missed, wrong, changedThatHadToStay, isIdempotent, isTouched, defects } of scores) {
    assert.deepEqual(
      { file, missed, wrong, changedThatHadToStay, isIdempotent },
      { file, missed: [], wrong: [], changedThatHadToStay: [], isIdempotent: true },
    )
    if (defects === 0) assert.equal(isTouched, false, `${file} is clean and was changed`)
  }
  assert.ok(fixed / defects >= 0.9, `fixed ${fixed} of ${defects}`)
}

test('own labelled runbooks: everything found, nothing else, what had to stay stays', () => hold(own))

test(
  'labelled examples beside the project',
  { skip: existsSync(shared) ? false : 'the folder shared/runbooks is not beside the project' },
  () => hold(shared),
)
