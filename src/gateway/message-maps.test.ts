import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { createMessageMaps } from './message-maps.ts'

const source = join(import.meta.dirname, '..')

describe('message maps', () => {
  test('one uuid a recipient, both maps each other’s inverse, in the caller’s order (property)', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('+12025550100', '+12025550101', '+12025550102'), { minLength: 1 }),
        (to) => {
          const { messageUuidMap, recipientMap, mentions } = createMessageMaps(to)
          assert.deepEqual([...messageUuidMap.keys()], [...new Set(to)])
          assert.equal(recipientMap.size, messageUuidMap.size)
          for (const [recipient, uuid] of messageUuidMap) assert.equal(recipientMap.get(uuid), recipient)
          assert.equal(
            [...mentions.values()].reduce((sum, count) => sum + count, 0),
            to.length,
          )
        },
      ),
    )
  })

  test('I5: the generator is called in one place of the source', () => {
    const calls = globSync('**/*.ts', { cwd: source })
      .filter((file) => !file.endsWith('.test.ts'))
      .flatMap((file) => {
        const text = readFileSync(join(source, file), 'utf8')
        return Array.from(text.matchAll(/^.*\buuidv7\(\).*$/gm), ([line]) => ({ file, line: line.trim() }))
      })
    assert.deepEqual(
      calls.filter(({ line }) => !line.startsWith('requestId:')).map(({ file }) => file),
      ['gateway/message-maps.ts'],
    )
    assert.ok(calls.length >= 2, 'examined the source: request ids come from the same generator')
  })
})
