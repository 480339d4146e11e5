import type { Facts } from '../facts/facts.ts'
import { outcomeSection, reconcileSection } from '../facts/places.ts'
import type { Problem, Rule } from '../finding.ts'
import { safe } from '../fixes/edits.ts'
import { appendBlock } from '../fixes/sections.ts'
import { isWithin } from '../markdown/document.ts'
import { cleanProse } from '../prose/clean.ts'
import { sentencesWithin } from '../prose/prose.ts'
import { MISMATCH_RULE } from './reconcile-queries-missing.ts'

const DEFINED =
  /\b(?:mismatch\w*|discrepan\w*|differen\w*|differs?|deviat\w*|orphan\w*|missing|absent|lacks?|(?:only|just|exactly) (?:on |in )?(?:one|a single)(?: of| side)?|one side|one-sided|without (?:a )?(?:counterpart|partner|twin|match)|no (?:counterpart|match|partner|twin)|not in both|in (?:only )?one (?:of|list|table|result|set)|left over|unmatched|extra|surplus|non-?empty|any (?:row|line|output|uuid))\b/i
const COUNTED =
  /\b(?:0|zero|none|no(?:t a single)? (?:row|line|mismatch\w*|difference\w*|output)|1|one|any|a single|single|each|every|empty|at least|more than|≥|>=?|permitted|tolerat\w*|allowed|\d+ ?%?)\b|[≥>]\s*\d/i
const FOLLOWS =
  /\b(?:(?:set|switch\w*|turn|flip|return|goe?s?|put|reset|change|move|revert)\b[^.]{0,50}\b(?:OFF|off)\b|roll\w*[ -]?back|back(?:s|ed)?[ -]?out|stop(?:s|ped)?|halt(?:s|ed)?|abort(?:s|ed)?|do(?:es)? not (?:proceed|continue|go on)|must not (?:proceed|continue|go on)|fail(?:s|ed|ure)?|block(?:s|ed)?|freez\w+|suspend\w*|cancel\w*|(?:execute|run|start|perform|follow|go to|begin)s? (?:the )?(?:section|step|chapter|part|§)\s*\d+|execute[s]? (?:the )?(?:rollback|back-?out)|OFF\b)/i

function check(facts: Facts): Problem[] {
  const section = reconcileSection(facts)
  if (!section) return []
  const prose = sentencesWithin(facts.sentences, section)
    .filter(({ instructs }) => instructs)
    .map(({ text }) => text)
    .filter((text) => !VAGUE.test(text))
  const comments = facts.codes
    .filter(({ code, instructs }) => instructs && isWithin(code.section, section))
    .flatMap(({ code }) =>
      Array.from(code.text.matchAll(/(?:--|#|\/\/)\s*([^\n]+)/g), (match) => cleanProse(match[1] ?? '')),
    )
  const texts = [...prose, ...comments]
  const all = texts.join('\n')
  const absent = [
    DEFINED.test(all) ? null : 'a definition',
    isCounted(texts) ? null : 'a threshold',
    FOLLOWS.test(all) ? null : 'a consequence',
  ].filter((part) => part !== null)
  if (absent.length === 0) return []
  const place = outcomeSection(facts, section)
  const message = `The reconciliation has no mismatch rule: ${absent.join(', ')} is missing`
  return [
    {
      from: place.from,
      to: place.headingTo,
      message,
      fix: safe([appendBlock(facts, place, MISMATCH_RULE)], 'Add the rule.'),
    },
  ]
}

const VAGUE = /\b(?:judge|good enough|looks? (?:ok|fine|good)|decide (?:whether|if))\b/i

/** The figure has to stand in a sentence about the difference, not anywhere. */
function isCounted(texts: readonly string[]): boolean {
  return texts.some(
    (text, index) =>
      COUNTED.test(text) &&
      (DEFINED.test(text) || FOLLOWS.test(text) || DEFINED.test(texts[index - 1] ?? '')),
  )
}

export const mismatchRuleMissing: Rule = {
  id: 'mismatch-rule-missing',
  title: 'The reconciliation has no mismatch rule',
  invariant: 3,
  demands:
    'The mismatch rule is explicit: what counts as a mismatch, how many are permitted, and what follows.',
  breaks: ['Attach both results to the ticket.', 'Look at the rows and judge if they are good enough.'],
  looksOnlySo: [
    '"One row or more is a mismatch: set the mode to OFF and stop."',
    'the rule as a list of three items',
  ],
  fixedBy:
    'The rule is added: one side only is a mismatch, 0 are permitted, with 1 or more the mode goes to OFF and the migration stops.',
  check,
}
