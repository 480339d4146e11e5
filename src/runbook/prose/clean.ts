/** Blanks what is only mark-up, so that patterns see words. The length stays. */
export function cleanProse(raw: string): string {
  return raw
    .replaceAll(/~~[\s\S]*?~~/g, blank)
    .replaceAll(/<!--|-->|<\/?[a-z][^<>\n]*>/gi, blank)
    .replaceAll(/\]\([^()\s]*\)/g, blank)
    .replaceAll(/\*+|`|(?<!\w)_+(?=\w)|(?<=\w)_+(?!\w)/g, blank)
    .replaceAll(/\n[ \t]*>?[ \t]?/g, blank)
    .replaceAll(/[’‘]/g, "'")
}

function blank(match: string): string {
  return ' '.repeat(match.length)
}

const ABBREVIATION = /\b(?:e\.g|i\.e|etc|vs|cf|approx|incl|resp|no|nr|z\.B|bzw|usw|fig|sec|min|max)\.$/i

/** Offsets of the sentences of a cleaned text. A semicolon ends one too. */
export function sentenceSpans(text: string): { from: number; to: number }[] {
  const spans: { from: number; to: number }[] = []
  let from = 0
  const end = /[.!?]+["')\]]*(?=\s+["'(]?[A-Z\d$\\/]|\s{2,}\S|\s*$)|;(?=\s)/g
  for (const match of text.matchAll(end)) {
    const to = match.index + match[0].length
    if (ABBREVIATION.test(text.slice(Math.max(from, to - 8), to))) continue
    push(spans, text, from, to)
    from = to
  }
  push(spans, text, from, text.length)
  return spans
}

function push(spans: { from: number; to: number }[], text: string, from: number, to: number): void {
  const raw = text.slice(from, to)
  const lead = raw.length - raw.trimStart().length
  const length = raw.trim().length
  if (length > 0 && /\w/.test(raw)) spans.push({ from: from + lead, to: from + lead + length })
}
