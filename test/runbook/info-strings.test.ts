// A runbook that is also a program is linted like any other: what stands behind the language changes no finding.
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { lint } from '../../src/runbook/index.ts'

const fixtures = join(import.meta.dirname, '..', 'fixtures', 'runbooks')
const FENCE = /^([ \t>]*(?:`{3,}|~{3,}))(sh|bash|shell|console|php|go|sql|json|yaml)[ \t]*$/gm

const findingsOf = (text: string): string[] =>
  lint(text).findings.map(
    ({ rule, startLine, endLine, message }) => `${startLine}-${endLine} ${rule} ${message}`,
  )

const infos: Readonly<Record<string, string>> = {
  JSON: ' {"name":"one","baton":"gate","timeout":"5s","expect_json":{"$.mode":"OFF"}}',
  'JSON without a blank': '{"name":"one","baton":"step"}',
  'the older form': ' { name=one baton=step timeout=60s }',
}

const files = globSync('*.md', { cwd: fixtures })
  .sort()
  .filter((file) => readFileSync(join(fixtures, file), 'utf8').search(FENCE) >= 0)
assert.ok(files.length >= 6, 'fixtures without blocks show nothing')

for (const file of files)
  test(`${file}: the findings are the same with attributes in the info strings`, () => {
    const text = readFileSync(join(fixtures, file), 'utf8')
    const expected = findingsOf(text)
    for (const [name, info] of Object.entries(infos)) {
      const attributed = text.replaceAll(
        FENCE,
        (_, fence: string, language: string) => `${fence}${language}${info}`,
      )
      assert.deepEqual(findingsOf(attributed), expected, name)
    }
  })
