import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import calculator from 'sms-segments-calculator'
import { encodeGsm7, encodeUcs2, encodingOf, unitsOf, type Encoding } from './encoding.ts'
import { judgeLength, segmentsOf } from './segments.ts'

const rows: readonly (readonly [title: string, text: string, encoding: Encoding, segments: number])[] = [
  ['nothing', '', 'gsm7', 1],
  ['160 of the alphabet', 'a'.repeat(160), 'gsm7', 1],
  ['161', 'a'.repeat(161), 'gsm7', 2],
  ['306', 'a'.repeat(306), 'gsm7', 2],
  ['307', 'a'.repeat(307), 'gsm7', 3],
  ['80 escaped', '€'.repeat(80), 'gsm7', 1],
  ['81 escaped', '€'.repeat(81), 'gsm7', 2],
  ['an escape that would fall apart', `${'a'.repeat(152)}€${'b'.repeat(152)}`, 'gsm7', 3],
  ['every escaped character', '\f^{}\\[~]|€', 'gsm7', 1],
  ['accents of the alphabet', 'èéùìòÇØøÅåÆæßÉÄÖÑÜäöñüà', 'gsm7', 1],
  ['a cedilla that is not', 'ç', 'ucs2', 1],
  ['a backtick', '`', 'ucs2', 1],
  ['70', 'я'.repeat(70), 'ucs2', 1],
  ['71', 'я'.repeat(71), 'ucs2', 2],
  ['134', 'я'.repeat(134), 'ucs2', 2],
  ['135', 'я'.repeat(135), 'ucs2', 3],
  ['35 pairs', '😀'.repeat(35), 'ucs2', 1],
  ['36 pairs', '😀'.repeat(36), 'ucs2', 2],
  ['a pair that would fall apart', `${'я'.repeat(66)}😀${'я'.repeat(66)}`, 'ucs2', 3],
  ['the escape itself', '\u001b', 'ucs2', 1],
  ['a lone surrogate', 'a\ud83d', 'ucs2', 1],
]

for (const [title, text, encoding, segments] of rows) {
  test(`${title}: ${encoding}, ${segments}`, () => {
    const { parts, encoding: given } = segmentsOf(text)
    assert.deepEqual([given, parts.length], [encoding, segments])
  })
}

const character = fc.oneof(
  fc.constantFrom(...Array.from('abz@€^{}[]~|\\\n\rÄñ_§')),
  fc.constantFrom('я', '漢', '😀', '👍🏽', 'ç', '`'),
)
const gsmOnly = fc.constantFrom(...Array.from('abz@€^{}[]~|\\\nÄñ_§'))
const text = fc.oneof(
  fc.array(character, { maxLength: 400 }).map((characters) => characters.join('')),
  fc.array(gsmOnly, { maxLength: 700 }).map((characters) => characters.join('')),
)

test('parts are the whole, each fits, and no pair or escape falls apart', () => {
  fc.assert(
    fc.property(text, (whole) => {
      const { encoding, parts } = segmentsOf(whole)
      assert.equal(parts.join(''), whole)
      const bound = parts.length === 1 ? { gsm7: 160, ucs2: 70 } : { gsm7: 153, ucs2: 67 }
      for (const part of parts) {
        assert.ok(part.isWellFormed(), 'a surrogate stands alone')
        const units = Array.from(part).reduce((sum, one) => sum + unitsOf(one, encoding), 0)
        assert.ok(units <= bound[encoding], `${units} units`)
        const bytes = encoding === 'gsm7' ? encodeGsm7(part) : encodeUcs2(part)
        assert.equal(bytes.length, encoding === 'gsm7' ? units : units * 2)
        assert.ok(bytes.length <= (encoding === 'gsm7' ? 160 : 140))
      }
    }),
  )
})

test('the count agrees with a calculator nobody here wrote', () => {
  fc.assert(
    fc.property(text, (whole) => {
      const theirs = new calculator.SegmentedMessage(whole)
      const ours = segmentsOf(whole)
      assert.equal(ours.encoding === 'gsm7' ? 'GSM-7' : 'UCS-2', theirs.encodingName)
      if (whole !== '') assert.equal(ours.parts.length, theirs.segmentsCount)
    }),
  )
})

test('encodings: known octets; what the alphabet lacks is refused without being shown', () => {
  assert.deepEqual([...encodeGsm7('@£_€Δ')], [0x00, 0x01, 0x11, 0x1b, 0x65, 0x10])
  assert.deepEqual([...encodeUcs2('я😀')], [0x04, 0x4f, 0xd8, 0x3d, 0xde, 0x00])
  assert.throws(
    () => encodeGsm7('secret я'),
    (error: Error) => !error.message.includes('secret'),
  )
  assert.equal(encodingOf('plain'), 'gsm7')
})

test('segments_max', () => {
  assert.deepEqual(judgeLength('a'.repeat(161), 1), { kind: 'too_long', segments: 2, segmentsMax: 1 })
  assert.deepEqual(judgeLength('a'.repeat(161), 2), { kind: 'fits', segments: 2, encoding: 'gsm7' })
  assert.equal(judgeLength('a'.repeat(153 * 255 + 1), 1_000).kind, 'too_long')
})
