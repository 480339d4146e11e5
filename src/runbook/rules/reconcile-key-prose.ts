import type { Facts } from '../facts/facts.ts'
import { reconcileSection } from '../facts/places.ts'
import type { Problem } from '../finding.ts'
import { safe } from '../fixes/edits.ts'
import { replaceSentence } from '../fixes/prose-edits.ts'
import { isWithin } from '../markdown/document.ts'
import { isDenied } from '../prose/modality.ts'
import type { Sentence } from '../prose/prose.ts'
import { tells } from './scan.ts'

const MATCH =
  /\b(?:join(?:s|ed|ing)?|match(?:es|ed|ing)?|pair(?:s|ed|ing)?|compar(?:e|es|ed|ing)|correlat\w+|key(?:ed)?|line(?:s|d)? up|reconcil\w+|link(?:s|ed)?|identif\w+|look(?:s|ed)? up|merge[sd]?|relat\w+)\b/gi
const BY =
  /\b(?:on|by|via|over|using|through|key(?: is|:)?|keys are|with|against|from|and|plus|together with|also)\b/i
const OTHER_COLUMN =
  /\b(?:phone(?: number)?s?|recipients?|numbers?|msisdn|timestamps?|created_at|sent_at|minutes?|hour|time(?:s)?|body(?:_hash)?|hash(?:es)?|text|content|provider_message_id|provider ids?|customer(?:_id)?|sender|row counts?)\b/gi

const EXEMPT =
  /\b(?:only|alone|nothing else|no other|must not|never|for the reader|report|shown|sorted|younger|older|after \d|before \d)\b/i
const DISTANCE_MAX = 110

/** Sentences that match the two logs by another column. */
export function keyInProse(facts: Facts, message: string): Problem[] {
  return facts.sentences.flatMap((sentence) => {
    if (
      !tells(sentence) ||
      sentence.unit.row ||
      !isAboutLogs(facts, sentence) ||
      !matchesByOther(sentence.text)
    )
      return []
    const line = 'The two logs are joined on `message_uuid` and on nothing else.'
    const fix = safe(replaceSentence(facts, sentence, line), `Replace by: ${line}`)
    return [{ from: sentence.from, to: sentence.to, message, fix }]
  })
}

function isAboutLogs(facts: Facts, { text, section }: Sentence): boolean {
  const reconcile = reconcileSection(facts)
  if (reconcile && isWithin(section, reconcile)) return true
  return /\bgo_sms_logs\b/.test(text) && /(?<!go_)\bsms_logs\b/.test(text)
}

function matchesByOther(text: string): boolean {
  if (EXEMPT.test(text)) return false
  const verb = Array.from(text.matchAll(MATCH)).find((match) => !isDenied(text, match.index, match[0].length))
  const column = verb && Array.from(text.matchAll(OTHER_COLUMN)).find(({ index }) => index > verb.index)
  if (!verb || !column || column.index - verb.index > DISTANCE_MAX) return false
  if (isDenied(text, column.index, column[0].length) || !BY.test(text.slice(verb.index, column.index)))
    return false
  return !/^(?:minutes?|hours?|times?)$/i.test(column[0]) || SAME_TIME.test(text)
}

/** A time is a key only where rows of the same time are matched, not where a job runs at one. */
const SAME_TIME =
  /\b(?:same|equal|the) (?:minute|hour|time)\b|\b(?:and|by|on|plus) (?:the )?(?:sending |created )?(?:minute|time)\b/i
