/** The default alphabet of GSM 03.38, by its codes; 0x1b (escape) is a place and no character. */
const BASIC = [
  '@£$¥èéùìòÇ\nØø\rÅå',
  'Δ_ΦΓΛΩΠΨΣΘΞ\u001bÆæßÉ',
  ' !"#¤%&\'()*+,-./',
  '0123456789:;<=>?',
  '¡ABCDEFGHIJKLMNO',
  'PQRSTUVWXYZÄÖÑÜ§',
  '¿abcdefghijklmno',
  'pqrstuvwxyzäöñüà',
].join('')
/** Characters behind an escape: two septets each. */
const EXTENDED: Readonly<Record<string, number>> = {
  '\f': 0x0a,
  '^': 0x14,
  '{': 0x28,
  '}': 0x29,
  '\\': 0x2f,
  '[': 0x3c,
  '~': 0x3d,
  ']': 0x3e,
  '|': 0x40,
  '€': 0x65,
}
const ESCAPE = 0x1b

const septets = new Map<string, readonly number[]>()
for (const [code, character] of Array.from(BASIC).entries()) {
  if (code !== ESCAPE) septets.set(character, [code])
}
for (const [character, code] of Object.entries(EXTENDED)) septets.set(character, [ESCAPE, code])

export type Encoding = 'gsm7' | 'ucs2'

/** The cheapest encoding that holds the text whole. */
export function encodingOf(text: string): Encoding {
  return Array.from(text).every((character) => septets.has(character)) ? 'gsm7' : 'ucs2'
}

/** How many units (septets, or UTF-16 code units) a character takes. */
export function unitsOf(character: string, encoding: Encoding): number {
  return encoding === 'gsm7' ? (septets.get(character)?.length ?? 0) : character.length
}

/** One septet an octet, as SMPP carries them; the centre packs them. Throws for what the alphabet lacks. */
export function encodeGsm7(text: string): Uint8Array {
  const codes = Array.from(text).flatMap((character) => {
    const found = septets.get(character)
    if (!found) throw new Error('gsm7: the text holds a character that the alphabet lacks: encode it as ucs2')
    return found
  })
  return Uint8Array.from(codes)
}

/** Big endian, as radio wants it. */
export function encodeUcs2(text: string): Uint8Array {
  return Buffer.from(text, 'utf16le').swap16()
}
