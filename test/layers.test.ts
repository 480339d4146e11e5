import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { checkLayers, importsOf, rules } from './layers.ts'

const skeleton = new Map(
  rules.flatMap(({ from }) =>
    from.map((prefix) => [prefix.endsWith('/') ? `${prefix}a.ts` : `${prefix}.ts`, '']),
  ),
)
const violationsOf = (file: string, source: string) =>
  checkLayers(new Map([...skeleton, [file, source]])).violations

describe('layers', () => {
  for (const [file, source] of [
    ['src/core/x.ts', `import { readFileSync } from 'node:fs'`],
    ['src/core/x.ts', `export * from '../db/database.ts'`],
    ['src/contract/x.ts', `import type { Mode } from '../core/mode.ts'`],
    ['src/gateway/x.ts', `import { startService } from '../service/service.ts'`],
    ['src/service/x.ts', `const x = await import('../gateway/gateway.ts')`],
    ['src/providers/x.ts', `import {\n  openDatabase,\n} from '../db/database.ts'`],
    ['src/gateway/x.ts', `import { makePermit } from '../authority/permit-maker.ts'`],
    ['src/service/dry-run.ts', `import { createClaims } from '../authority/claim.ts'`],
    ['src/service/dry-run.ts', `import { sandboxProvider } from '../providers/sandbox.ts'`],
  ] as const) {
    test(`${file}: ${source} is a violation`, () => {
      assert.ok(violationsOf(file, source).length > 0)
    })
  }

  test('what is allowed is let through', () => {
    assert.deepEqual(
      violationsOf('src/gateway/x.ts', `import { createClaims } from '../authority/claim.ts'`),
      [],
    )
    assert.deepEqual(violationsOf('src/authority/x.ts', `import { makePermit } from './permit-maker.ts'`), [])
  })

  test('a rule that examined no file is reported', () => {
    const { emptyRules } = checkLayers(new Map([['src/core/a.ts', '']]))
    assert.ok(emptyRules.length > 5)
    assert.deepEqual(checkLayers(skeleton).emptyRules, [])
  })

  test('imports are found in every form', () => {
    const source = `import a from 'a'\nimport 'b'\nexport { c } from 'c'\nimport type { D } from "d"\nawait import('e')`
    assert.deepEqual(importsOf(source, 'src/x.ts'), ['a', 'b', 'c', 'd', 'e'])
  })
})
