import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { applyPatch } from 'diff'
import { ALL_RULES, harden, lint } from '../../src/runbook/index.ts'
import { undoPatch } from '../../src/runbook/report/undo-patch.ts'
import { labelledFiles } from './labelled.ts'

const folder = join(import.meta.dirname, '..', 'fixtures', 'runbooks')
const texts = labelledFiles(folder).map((name) =>
  readFileSync(join(folder, name.replace('.labels.json', '.md')), 'utf8'),
)
/** Pieces of runbooks, small enough to make ten thousand documents of. */
const pieces = texts
  .flatMap((text) => text.split(/\n(?=#)|\n\n(?=```)/))
  .filter((piece) => piece.length < 1500)

const damage = fc.record({
  kind: fc.constantFrom('cut', 'double', 'insert', 'swap'),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.integer({ min: 1, max: 60 }),
  text: fc.constantFrom(
    '```',
    '~~~',
    '\n',
    '\r\n',
    '{',
    '}',
    '(',
    ')',
    '"',
    "'",
    '`',
    '|',
    '> ',
    '- ',
    '    ',
    '\t',
    '<!--',
    '-->',
    '$',
    '/*',
    '#',
    '\u0001',
    '\uFEFF',
    '😀',
    '+++',
    '---',
    '@@',
    'SHADOW',
    'OFF',
    ';',
    '[',
    ']',
    '…',
    '...',
  ),
})

function damaged(
  text: string,
  { kind, at, length, text: piece }: { kind: string; at: number; length: number; text: string },
): string {
  const from = Math.floor(at * text.length)
  if (kind === 'cut') return text.slice(0, from) + text.slice(from + length)
  if (kind === 'double') return text.slice(0, from + length) + text.slice(from)
  if (kind === 'insert') return text.slice(0, from) + piece + text.slice(from)
  return text.slice(from) + text.slice(0, from)
}

const someDocument = fc
  .tuple(fc.shuffledSubarray(pieces, { minLength: 1, maxLength: 2 }), fc.array(damage, { maxLength: 4 }))
  .map(([parts, damages]) => damages.reduce((text, change) => damaged(text, change), parts.join('\n\n')))

const wholeDocument = fc
  .tuple(fc.constantFrom(...texts), fc.array(damage, { maxLength: 6 }))
  .map(([text, damages]) => damages.reduce((damagedText, change) => damaged(damagedText, change), text))

test('no crash on 10,000 mutated documents, and every finding lies inside the text', () => {
  fc.assert(
    fc.property(someDocument, (text) => {
      const { findings } = lint(text)
      const lines = text.split(/\r\n|\r|\n/).length
      for (const { startLine, endLine } of findings)
        assert.ok(startLine >= 1 && startLine <= endLine && endLine <= lines)
    }),
    { numRuns: 10_000 },
  )
})

test('a second run changes nothing, and the undo patch brings every byte back', () => {
  fc.assert(
    fc.property(wholeDocument, (text) => {
      const first = harden(text)
      assert.equal(harden(first.after).after, first.after)
      if (!text.includes('\r'))
        assert.equal(applyPatch(first.after, undoPatch('a.md', text, first.after)), text)
    }),
    { numRuns: 60 },
  )
})

test('lines that no edit touches come through with their line ends', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...texts),
      fc.array(fc.boolean(), { minLength: 40, maxLength: 400 }),
      fc.boolean(),
      (text, ends, hasBom) => {
        const mixed =
          (hasBom ? '\uFEFF' : '') +
          text
            .split('\n')
            .map((line, index, all) =>
              index === all.length - 1 ? line : line + (ends[index % ends.length] ? '\r\n' : '\n'),
            )
            .join('')
        const { after } = harden(mixed)
        assert.equal(after.startsWith('\uFEFF'), hasBom)
        const kept = new Set(harden(text).after.split('\n'))
        const before = new Set(mixed.split('\n'))
        for (const line of after.split('\n'))
          assert.ok(
            before.has(line) || kept.has(line.replace(/\r$/, '').replace(/^\uFEFF/, '')),
            JSON.stringify(line),
          )
      },
    ),
    { numRuns: 25 },
  )
})

const plain = (findings: ReturnType<typeof lint>['findings']): string[] =>
  findings.map(({ rule, from, to }) => `${rule} ${from} ${to}`)

test('the order of the rules does not matter', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...texts),
      fc.shuffledSubarray([...ALL_RULES], { minLength: ALL_RULES.length }),
      (text, rules) => {
        assert.deepEqual(plain(lint(text, rules).findings), plain(lint(text).findings))
        assert.equal(harden(text, rules).after, harden(text).after)
      },
    ),
    { numRuns: 20 },
  )
})

test('no fix brings up a finding that was not there', () => {
  fc.assert(
    fc.property(wholeDocument, (text) => {
      const { initial, remaining } = harden(text)
      const known = new Set(initial.findings.map(({ rule }) => rule))
      for (const { rule } of remaining) assert.ok(known.has(rule), `new: ${rule}`)
    }),
    { numRuns: 60 },
  )
})
