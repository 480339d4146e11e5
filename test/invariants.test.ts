// The specification and the tests hold each other: no number, file or test may be missing on either side.
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'

const root = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const NUMBERS = Array.from({ length: 12 }, (_, n) => `I${n + 1}`)

/** What is wrong with a specification, given the tests' sources. Empty when nothing is. */
function problemsOf(spec: string, sources: ReadonlyMap<string, string>): string[] {
  const sections = new Map(
    spec
      .split(/^## /m)
      .slice(1)
      .map((section) => [section.split('\n', 1)[0]?.trim() ?? '', section]),
  )
  const problems: string[] = []
  for (const number of NUMBERS) {
    const section = sections.get(number)
    if (!section) {
      problems.push(`${number}: has no section`)
      continue
    }
    const [, enforcement = '', tests = ''] =
      /\*\*Enforcement\*\*\n([\s\S]*?)\*\*Tests\*\*\n([\s\S]*)/.exec(section) ?? []
    const places = Array.from(
      enforcement.matchAll(/^- (?:constraint|type|code): .*`([^`]+)`$/gm),
      ([, path]) => path ?? '',
    )
    if (places.length === 0) problems.push(`${number}: has no enforcement`)
    for (const path of places)
      if (!existsSync(join(root, path))) problems.push(`${number}: ${path} does not exist`)
    const named = Array.from(tests.matchAll(/^- `([^`]+)`: "(.+)"$/gm), ([, file, name]) => ({
      file: file ?? '',
      name: name ?? '',
    }))
    if (named.length === 0) problems.push(`${number}: has no test`)
    for (const { file, name } of named) {
      if (!sources.get(file)?.includes(name))
        problems.push(`${number}: ${file} has no test ${JSON.stringify(name)}`)
    }
    const isNamed = [...sources.values()].some((source) => new RegExp(`\\b${number}\\b`).test(source))
    if (!isNamed) problems.push(`${number}: no test names it`)
  }
  for (const [file, source] of sources) {
    for (const [number] of source.matchAll(/\bI\d+\b/g)) {
      if (!NUMBERS.includes(number)) problems.push(`${file}: names ${number}, which is no invariant`)
    }
  }
  return problems
}

describe('docs/spec/invariants.md', () => {
  const files = globSync(['src/**/*.test.ts', 'test/**/*.ts', 'prove/**/*.ts'], { cwd: root }).filter(
    (file) => !file.endsWith('invariants.test.ts'),
  )
  const sources = new Map(files.map((file) => [file, read(file)]))
  const spec = read('docs/spec/invariants.md')

  test('every number has its enforcement and its tests, and they exist', () => {
    assert.ok(files.length > 10, 'examined something')
    assert.deepEqual(problemsOf(spec, sources), [])
  })

  test('what is missing is found', () => {
    const without = (text: string | RegExp) => problemsOf(spec.replace(text, ''), sources)
    assert.match(without(/## I7[\s\S]*?(?=## I8)/).join(), /I7: has no section/)
    assert.match(
      problemsOf(spec.replace('src/core/quota.ts', 'src/core/gone.ts'), sources).join(),
      /gone.ts does not exist/,
    )
    assert.match(
      problemsOf(spec.replace('a permit is for one message', 'a permit is for all'), sources).join(),
      /I1: .* has no test/,
    )
    assert.match(problemsOf(spec, new Map([...sources, ['x.test.ts', 'test("I13")']])).join(), /names I13/)
    assert.match(problemsOf(spec, new Map()).join(), /I1: no test names it/)
  })
})
