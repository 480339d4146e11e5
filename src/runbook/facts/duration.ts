function unitMs(unit: string): number {
  const lower = unit.toLowerCase()
  if (lower.startsWith('ms') || lower.startsWith('milli')) return 1
  if (lower.startsWith('m')) return 60_000
  return 1000
}

export interface Duration {
  readonly ms: number
  readonly from: number
  readonly to: number
  readonly figureFrom: number
  readonly figureTo: number
  readonly unit: string
}

const WORDS: Readonly<Record<string, number>> = {
  half: 0.5,
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  eight: 8,
  ten: 10,
  fifteen: 15,
  twenty: 20,
  thirty: 30,
}
const IN_PROSE =
  /(?<![\w.])(\d[\d.,]*|half|one|two|three|four|five|six|eight|ten|fifteen|twenty|thirty)(?:\s+a)?[\s-]*(ms|msec|milli-?seconds?|s|secs?|seconds?)(?![\w/])/gi

/** Durations of up to a minute or so, as prose writes them. */
export function durationsIn(text: string): Duration[] {
  return Array.from(text.matchAll(IN_PROSE)).flatMap((match) => {
    const word = (match[1] ?? '').toLowerCase()
    const figure = WORDS[word] ?? figureOf(word)
    const unit = match[2] ?? 's'
    if (!Number.isFinite(figure)) return []
    const from = match.index
    return [
      {
        ms: figure * unitMs(unit),
        from,
        to: from + match[0].length,
        figureFrom: from,
        figureTo: from + (match[1] ?? '').length,
        unit,
      },
    ]
  })
}

/** `1,500` is a thousand separator, `0,5` a decimal comma. */
function figureOf(word: string): number {
  const plain = word.replace(/[.,]$/, '')
  return Number(/^\d{1,3}(?:,\d{3})+$/.test(plain) ? plain.replaceAll(',', '') : plain.replace(',', '.'))
}

export function is500(ms: number): boolean {
  return Math.abs(ms - 500) < 1e-6
}
