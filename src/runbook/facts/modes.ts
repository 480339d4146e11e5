export const MODES = ['OFF', 'SHADOW', 'ON'] as const
export type Mode = (typeof MODES)[number]
export type ModeSet = ReadonlySet<Mode>

export const ALL_MODES: ModeSet = new Set(MODES)

/** The mode a literal, constant or enum case stands for: `'OFF'`, `Mode::Shadow`, `MODE_ON`, `"on"`. */
export function modeOfLiteral(literal: string): Mode | null {
  const last = /([\w-]+)\W*$/.exec(literal.replace(/->value\b/, '').trim())?.[1] ?? ''
  const word = last
    .toUpperCase()
    .replace(/^(?:\w+_)?MODE_|^SMS_|^MESSAGING_|^GO_/, '')
    .replace(/_?MODE$/, '')
  return MODES.find((mode) => mode === word) ?? null
}

const WORD =
  /\b(OFF|SHADOW|ON)\b|\b(shadow)(?:[- ]mode\b|\b)|\bmode\s*(?:is|=+|:)?\s*["']?(off|on)\b["']?|["'](off|on)["']|\b(off|on)\s+mode\b/gi
/** Words before a mode that make it the aim of a change, not the state a sentence speaks about. */
const AIM =
  /(?:\b(?:to|before|until|towards|into|set|from|reach\w*|enable|activate|than|back)\s*|=|→|->)["'(]?$/i
const STATE =
  /\b(?:set|equal|switched|belongs|according|applies|due|prior|addition|identical|same as) to\s*["'(]?$|\b(?:after|since|once) (?:the |we |it )?(?:switch\w*|chang\w+|mov\w+|flip\w*|cut-?over|go(?:es|ing)?|went|set\w*|is set)(?: over)? to\s*["'(]?$/i

/** The modes a text speaks about as the state it holds in. Aims of a change are left out. */
export function modesInText(text: string): Set<Mode> {
  const found = new Set<Mode>()
  for (const match of text.matchAll(WORD)) {
    const word = match[1] ?? match[2] ?? match[3] ?? match[4] ?? match[5] ?? ''
    if (match[1] && match[1] !== match[1].toUpperCase() && match[1].toUpperCase() !== 'SHADOW') continue
    const before = text.slice(Math.max(0, match.index - 40), match.index)
    if (AIM.test(before) && !STATE.test(before)) continue
    const mode = MODES.find((candidate) => candidate === word.toUpperCase())
    if (mode) found.add(mode)
  }
  return found
}

/** Any mention of a mode, aims included. */
export function mentionsMode(text: string): boolean {
  return /\b(?:OFF|SHADOW|ON)\b/.test(text) || /\bshadow\b/i.test(text)
}
