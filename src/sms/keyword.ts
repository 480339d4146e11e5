/** What a subscriber can say about being written to. */
export type Choice = 'stop' | 'start'

export interface Keywords {
  readonly stop: readonly string[]
  readonly start: readonly string[]
}

/**
 * What a text says, where it is a keyword and nothing else: in any case, with spaces, quotes or punctuation around
 * it. A keyword within a sentence decides nothing: "when does it stop?" is no wish.
 */
export function choiceIn(text: string, { stop, start }: Keywords): Choice | undefined {
  const said = plain(text)
  if (said === '') return undefined
  if (stop.some((word) => plain(word) === said)) return 'stop'
  return start.some((word) => plain(word) === said) ? 'start' : undefined
}

const LENGTH_MAX = 64

function plain(text: string): string {
  if (text.length > LENGTH_MAX) return ''
  return text
    .normalize('NFKC')
    .replaceAll(/[\p{P}\p{S}\p{Z}\p{C}]+/gu, ' ')
    .trim()
    .toUpperCase()
}
