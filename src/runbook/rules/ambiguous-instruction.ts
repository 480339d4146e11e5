import type { Facts } from '../facts/facts.ts'
import { reconcileSection } from '../facts/places.ts'
import type { Problem, Rule } from '../finding.ts'
import { manual, replaceCode, safe } from '../fixes/edits.ts'
import { markedSpan, replaceSentence } from '../fixes/prose-edits.ts'
import { isWithin } from '../markdown/document.ts'
import { ambiguitiesIn, firstAlternative, isInstruction, withoutHedges } from '../prose/ambiguity.ts'
import { headerOf, type Sentence } from '../prose/prose.ts'
import { docSpan, isQuestion } from './scan.ts'

const message = (words: readonly string[]): string =>
  `${words.map((word) => `"${word}"`).join(', ')} ${words.length > 1 ? 'leave' : 'leaves'} a decision open that an automated agent cannot take`

function inProse(facts: Facts): Problem[] {
  return facts.sentences.flatMap((sentence) => {
    if (
      !sentence.instructs ||
      sentence.unit.kind === 'heading' ||
      sentence.unit.kind === 'html' ||
      isQuestion(sentence)
    )
      return []
    if (!isInstruction(sentence.text) || (sentence.unit.row && !isActionCell(facts, sentence))) return []
    const found = ambiguitiesIn(sentence.text)
    if (found.length === 0) return []
    return [
      {
        from: sentence.from,
        to: sentence.to,
        message: message(found.map(({ words }) => words)),
        fix: fixOf(facts, sentence),
      },
    ]
  })
}

/** Cells that say what to do, not cells that describe. */
function isActionCell(facts: Facts, sentence: Sentence): boolean {
  const header = headerOf(facts.document, sentence.unit)
  return !/\b(?:meaning|description|remark|note|why|reason|history|what changed|change|author|term)\b/i.test(
    header,
  )
}

function fixOf(facts: Facts, sentence: Sentence): Problem['fix'] {
  const { from, to } = markedSpan(facts, sentence)
  const raw = facts.norm.slice(from, to)
  const firm = withoutHedges(raw)
  if (
    firm !== raw &&
    !(BACK.test(raw) && /\bor\b/.test(raw)) &&
    ambiguitiesIn(firm).length === 0 &&
    /\w+\W+\w+/.test(firm)
  )
    return safe([{ from, to, text: firm }], `Make it unconditional: ${firm.replaceAll(/\s+/g, ' ')}`)
  const first = withoutHedges(firstAlternative(raw))
  if (!BACK.test(raw) && first !== raw && ambiguitiesIn(first).length === 0 && /\w+\W+\w+/.test(first))
    return safe([{ from, to, text: first }], `Name one action: ${first.replaceAll(/\s+/g, ' ')}`)
  const section = reconcileSection(facts)
  if (
    section &&
    isWithin(sentence.section, section) &&
    /\b(?:rows?|results?|output|lists?|differences?|mismatch\w*|numbers?)\b/i.test(sentence.text)
  ) {
    const rule = 'Apply the mismatch rule of this section to the rows.'
    return safe(replaceSentence(facts, sentence, rule), `Replace by: ${rule}`)
  }
  const settled = settledBySafest(facts, sentence)
  if (settled) return safe(replaceSentence(facts, sentence, settled), `Replace by: ${settled}`)
  return manual(
    `Name one condition with a figure and one action with its command, for example: "${proposal(sentence.text)}"`,
  )
}

const BACK =
  /\b(?:(?:switch|go|set|put|flip|turn|change|return|fall)\w*\b[^.;]{0,40}\bOFF\b|roll\w*[ -]?back|back(?:ing|s)?[ -]?out|abort\w*|revert\w*)/i

/** Where going back to OFF is one of the alternatives, it is the one that can send nothing twice. */
function settledBySafest(facts: Facts, sentence: Sentence): string | null {
  if (!BACK.test(sentence.text)) return null
  const raw = facts.norm.slice(sentence.from, sentence.to)
  const label = /^[^:.]{3,60}:(?=\s)/.exec(raw)?.[0] ?? ''
  const isPlain = label !== '' && ambiguitiesIn(label).length === 0 && !/\bstrange|weird|odd\b/i.test(label)
  const rollback = facts.document.sections.find(
    (section) => !section.isTitle && /\broll ?-?back|back-?out|revert\b/i.test(section.heading ?? ''),
  )
  const reference = rollback?.heading ? ` (section "${rollback.heading}")` : ''
  return `${isPlain ? `${label} set` : 'When a check of the verification gate fails or an alert fires: set'} the mode to \`OFF\`${reference}.`
}

function proposal(text: string): string {
  const command = /\b(restart|scale|page|notify|warn|drain|retry|pause|stop)\b[^.,;]*/i.exec(text)?.[0]
  return `When the alert has been firing for 5 minutes: ${command ? command.replaceAll(/\b(?:whichever|whatever|some|any)\b/gi, 'all').trim() : 'set the mode to OFF'}.`
}

const SHELL_COMMENT = /(?:^|\s)#\s+([^\n]+)/g

/** Comments of shell blocks instruct as prose does. */
function inShell(facts: Facts): Problem[] {
  return facts.codes
    .filter(({ code, instructs }) => instructs && code.language === 'shell')
    .flatMap(({ code }) =>
      Array.from(code.text.matchAll(SHELL_COMMENT)).flatMap((match) => {
        const text = match[1] ?? ''
        const hedges = ambiguitiesIn(text).filter(({ isHedge }) => isHedge)
        if (hedges.length === 0 || /\b(?:prints?|shows?|output|ok)\b/i.test(text)) return []
        const from = match.index + match[0].length - text.length
        const firm = withoutHedges(text).trim()
        const edits =
          firm === '' ? null : replaceCode(facts.document.source, code, from, from + text.length, firm)
        return [
          {
            ...docSpan(code, { from, to: from + text.length }),
            message: message(hedges.map(({ words }) => words)),
            fix: safe(edits, 'Make it unconditional.'),
          },
        ]
      }),
    )
}

export const ambiguousInstruction: Rule = {
  id: 'ambiguous-instruction',
  title: 'An instruction leaves a decision open',
  invariant: null,
  demands: 'An automated agent executes the runbook step by step with zero ambiguity.',
  breaks: [
    'Restart the workers if needed.',
    'Choose one of raising the threshold, draining a node or backing out.',
    'You should probably warn the desk.',
    'Wait a while, and if it does not get better ask Olu.',
  ],
  looksOnlySo: [
    'a report of the past ("restarted as needed")',
    '`status` is one of accepted, duplicate, rejected',
    'a quotation',
  ],
  fixedBy:
    'A hedge is left out; "should probably" becomes "must"; where going back to OFF is one of the alternatives it becomes the only one; the rest is left to a person, with a proposal.',
  check: (facts) => [...inProse(facts), ...inShell(facts)],
}
