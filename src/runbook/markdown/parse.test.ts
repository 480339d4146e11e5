import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toDoc } from './code-block.ts'
import { parseDocument } from './parse.ts'
import { toBody } from './source.ts'

const BLOCKS = [
  '```php\n$a = 1;\n\n$b = 2;\n```',
  '~~~go\nx := 1\n~~~',
  '````md\n```php\n$a;\n```\n````',
  '1. item\n\n   ```sql\n   SELECT 1;\n\n     SELECT 2;\n   ```',
  '> quote\n> ```sh\n> curl x\n> ```',
  '- a\n  - b\n\n    ```json\n    {"a": 1}\n    ```',
  '    indented\n    code',
  '```diff\n--- a/x.php\n+++ b/x.php\n@@ -1,2 +1,2 @@\n $a;\n-$b;\n+$c;\n```',
  '```\nnever closed\n',
]

test('every character of a block leads back to the same character of the file', () => {
  for (const eol of ['\n', '\r\n']) {
    for (const bom of ['', '\uFEFF']) {
      for (const block of BLOCKS) {
        const text = bom + `# Title\n\ntext\n\n${block}\n`.replaceAll('\n', eol)
        const { codes, source } = parseDocument(text)
        assert.equal(codes.length, 1, block)
        for (const code of codes) {
          for (let at = 0; at < code.text.length; at++) {
            const body = toBody(source, toDoc(code, at))
            const expected = code.text[at] === '\n' && eol === '\r\n' ? '\r' : code.text[at]
            assert.equal(source.body[body], expected, `${block} at ${at}`)
          }
        }
      }
    }
  }
})

test('a diff reads as what it makes of the file', () => {
  const [code] = parseDocument(BLOCKS[7] ?? '').codes
  assert.equal(code?.text, '$a;\n$c;')
  assert.deepEqual([code?.language, code?.path, [...(code?.contextLines ?? [])]], ['php', 'x.php', [0]])
})

test('headings of both styles, with the exact text; front matter and code hold none', () => {
  const text =
    '---\ntitle: x\n# no\n---\n\nTop `a`\n=======\n\n## One ##\n\n```sh\n# no\n```\n\nTwo\n---\n\n### Three {#x}\n'
  const { sections } = parseDocument(text)
  assert.deepEqual(
    sections.map(({ heading, level }) => [level, heading]),
    [
      [0, null],
      [1, 'Top `a`'],
      [2, 'One'],
      [2, 'Two'],
      [3, 'Three {#x}'],
    ],
  )
  assert.deepEqual(
    sections.map(({ parent }) => parent?.heading ?? null),
    [null, null, 'Top `a`', 'Top `a`', 'Two'],
  )
})

test('tables keep empty cells in their columns, also with blanks behind the delimiter row', () => {
  const text = '| a | b | c |\n|---|---|---|  \n| 1 |  | 3 |\n'
  const { tables, source } = parseDocument(text)
  const rows = tables[0]?.rows.map(({ cells }) => cells.map(({ from, to }) => source.norm.slice(from, to)))
  assert.deepEqual(rows, [
    ['a', 'b', 'c'],
    ['1', '', '3'],
  ])
})
