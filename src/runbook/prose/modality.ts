const NEGATOR =
  /\b(?:not|never|no|none|nor|neither|nothing|nobody|without|cannot|can't|won't|doesn't|don't|didn't|isn't|aren't|mustn't|shouldn't|forbidden|forbids?|prohibit\w*|banned|refus\w+|reject(?:s|ed)? (?:any|every|all)|avoid\w*|prevent\w*|disallow\w*|instead of|rather than|stops?|ceases?|zero|0)\b/gi

/** Whether a sentence denies or forbids what its word at `at` says. The sentence's other clauses do not count. */
export function isDenied(sentence: string, at: number, length = 1): boolean {
  const { from, to } = clauseAt(sentence, at)
  const before = sentence.slice(from, at)
  const after = sentence.slice(at + length, Math.min(to, at + length + 22))
  if (lastMatch(before) !== null) return true
  return /^\W*(?:\w+\s+){0,1}(?:no|not|none|nothing|never|neither|nowhere|nobody|zero|0)\b/i.test(after)
}

function lastMatch(text: string): number | null {
  let last: number | null = null
  for (const match of text.matchAll(NEGATOR)) {
    // "not only", "no later than", "without delay" deny nothing
    if (
      /^(?:not only|not just|no later|no more than|no matter|without (?:delay|waiting)|not yet (?:in|migrat))/i.test(
        text.slice(match.index),
      )
    )
      continue
    last = match.index
  }
  return last
}

const BREAK =
  /[;:](?=\s)|\s[–—-]\s|,?\s+\b(?:but|whereas|however|yet|although|though|because|so that|afterwards)\b|,\s+(?:and|so|then|while)\s+(?=(?:the|it|its|then|we|a|an|go|laravel|in|on|after|[A-Z`])\b)|,\s+(?=(?:it|the|they|go|laravel|re-?send|send|set|stop|restart|switch|fall|use|repeat|then)\s)/g

/** "Until nobody complains, ..." ends at its comma. */
const SUBORDINATE =
  /^\W*(?:\d+[.)]\s*)?(?:until|while|if|when|whenever|once|as long as|as soon as|although|though|because|since|after|before|unless|where|whereas)\b[^,;:]{0,160},(?=\s+(?!and\b|or\b|no\b|nor\b|not\b|but\b))/i

/** The clause of a sentence that holds the word at `at`. */
export function clauseAt(sentence: string, at: number): { from: number; to: number } {
  let from = 0
  const opening = SUBORDINATE.exec(sentence)?.[0].length ?? 0
  if (opening > 0 && at < opening) return { from, to: opening }
  from = opening
  for (const match of sentence.matchAll(BREAK)) {
    if (match.index < opening) continue
    const end = match.index + match[0].length
    if (match.index >= at) return { from, to: match.index }
    from = end
  }
  return { from, to: sentence.length }
}

const PAST =
  /\b(?:was|were|had|did|used to|until now|previously|formerly|originally|at the time|back then|yesterday|last (?:year|month|week|winter|summer|spring|autumn|night|time)|in the (?:first |old |last )?(?:trial|pilot)|during the (?:trial|pilot|rehearsal|first (?:trial|pilot|run|rehearsal))|(?:days|weeks|months|years) ago)\b/i
const BINDING = /\b(?:must|shall|now|from now on|always|will|is to|are to|should|has to|have to|needs? to)\b/i

/** A report of the past instructs nobody. */
export function isReport(sentence: string): boolean {
  return PAST.test(sentence) && !BINDING.test(sentence)
}

/** Phrases that mark what follows as an example not to follow. */
export const NEGATIVE_LEAD =
  /(?:\b(?:never do|do not do|don't do|never write|do not write|do not (?:use|copy|paste|apply|imitate|follow|repeat)|don't (?:use|copy|paste|apply|do|write)|not like this|must not look|must never look|wrong(?:ly)?|incorrect|anti-?patterns?|bad(?: example)?|negative example|counter-?example|broken|buggy|was rejected|rejected in review|what not to do|common mistakes?|mistakes?|until now|previously|formerly|superseded|obsolete|no longer (?:valid|used|true|applies|in use)|old (?:code|version|text|runbook|wording|implementation|handler|controller|procedure)|for (?:the )?record|historical(?:ly)?|as it was|reverted|used to (?:be|look|read|say))\b|(?:^|[(\s*_])before\b\s*[:)]|[❌✗✘🚫⛔])/iu
