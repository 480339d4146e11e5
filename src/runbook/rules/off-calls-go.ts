import { functionOf, textOf, within } from '../code/node.ts'
import { mentions } from '../facts/entities.ts'
import type { Facts } from '../facts/facts.ts'
import { isModeSwitch, labelModes, modesOfCondition } from '../facts/mode-context.ts'
import type { Problem, Rule } from '../finding.ts'
import { indentAt, indentStep, insertAfter, manual, safe } from '../fixes/edits.ts'
import { replaceSentence } from '../fixes/prose-edits.ts'
import { isDenied } from '../prose/modality.ts'
import { headerOf } from '../prose/prose.ts'
import {
  callsOf,
  deleteNode,
  docSpan,
  goName,
  instructionsAbout,
  isQuestion,
  saysNo,
  wholeStatement,
  type RoleCall,
} from './scan.ts'

const MESSAGE = 'OFF calls the Go service; in OFF the legacy driver sends and nothing else happens'

function inCode(facts: Facts): Problem[] {
  return callsOf(facts, 'go').flatMap((found) => {
    const { fact, call, context } = found
    const isOff = context.isExplicit ? context.modes.has('OFF') : isBesideSwitch(found)
    if (!isOff || /health|ready|ping|status$/i.test(call.callee)) return []
    const statement = wholeStatement(fact.tree, call)
    return [{ ...docSpan(fact.code, statement), message: MESSAGE, fix: fixOf(facts, found, statement) }]
  })
}

/** Without a test of its own, a call runs in every mode when the same function decides by the mode elsewhere. */
function isBesideSwitch({ fact, call, context }: RoleCall): boolean {
  const owner = functionOf(call)
  if (context.isExplicit || !owner) return false
  const decides = within(fact.tree, owner, 'switch').some((choice) => isModeSwitch(choice))
  const decidesByIf =
    within(fact.tree, owner, 'if').filter(
      ({ head }) => head && modesOfCondition(textOf(fact.tree, head)) !== null,
    ).length >= 2
  return decides || decidesByIf
}

function fixOf(
  facts: Facts,
  { fact, context }: RoleCall,
  statement: { from: number; to: number },
): Problem['fix'] {
  const { code } = fact
  const arm = context.arm
  if (context.isExplicit && context.modes.size > 1) {
    const arms = arm?.parent?.children.filter((child) => child.kind === 'case') ?? []
    const off = arms.find((other) => labelModes(other).has('OFF'))
    if (!arm || !off || off === arm || labelModes(arm).has('OFF'))
      return manual('Call the Go service only in SHADOW (dry_run=true) and in ON (dry_run=false).')
    const indent = indentAt(code, off.from) + indentStep(code)
    return safe(
      [insertAfter(facts.document.source, code, off.to - 1, [`${indent}break;`])],
      "End `case 'OFF'` with `break;`.",
    )
  }
  return safe(deleteNode(facts, code, statement), 'Delete the call.')
}

const CALL =
  /\b(?:calls?|called|posts?|posted|sends?|sent|forwards?|forwarded|mirrors?|mirrored|copies|copied|copy|pings?|warms?|warmed|invokes?|invoked|hits?|contacts?|contacted|receives?|gets?|got|also goes|dispatch(?:es|ed)?|relays?|relayed|push(?:es|ed)?|submits?|submitted|dual-?writes?|tees?|replays?|streams?|feeds?|fed|hands?|handed|publish(?:es|ed)?|notif(?:y|ies|ied)|consulted|queried|asked|dry[- ]?run)\b/gi
const OTHER_MATTER =
  /\b(?:health|healthz|readyz|livez|probe|liveness|readiness|deploy\w*|roll ?back|access log|restart|stays?|remains?|already accepted|has accepted|what it accepted|accepted messages|log table|drain\w*)\b/i

function inProse(facts: Facts): Problem[] {
  return instructionsAbout(facts, facts.entities.go).flatMap((sentence) => {
    const modes = facts.modesOf(sentence)
    if (!modes.has('OFF') || modes.size > 2 || isQuestion(sentence) || OTHER_MATTER.test(sentence.text))
      return []
    if (sentence.unit.row) return []
    const verb = Array.from(sentence.text.matchAll(CALL)).find(
      (match) => !isDenied(sentence.text, match.index, match[0].length),
    )
    if (
      !verb ||
      /\bonly\b|\bmust not\b|\bnever\b/i.test(sentence.text) ||
      !concernsGo(facts, sentence.text, verb.index)
    )
      return []
    const text = `In \`OFF\` the legacy driver sends and ${goName(facts)} MUST NOT be called.`
    return [
      {
        from: sentence.from,
        to: sentence.to,
        message: MESSAGE,
        fix: safe(replaceSentence(facts, sentence, text), `Replace by: ${text}`),
      },
    ]
  })
}

/** "The legacy driver sends; Go is idle": the verb has to reach the Go service. */
function concernsGo(facts: Facts, text: string, at: number): boolean {
  const clause = text.slice(Math.max(0, at - 90), at + 110)
  return mentions(facts.entities.go, clause)
}

function inTables(facts: Facts): Problem[] {
  return facts.sentences.flatMap((sentence) => {
    const { row } = sentence.unit
    const modes = facts.modesOf(sentence)
    if (!row || row.isHeader || !sentence.instructs || modes.size !== 1 || !modes.has('OFF')) return []
    const isCall = isCallColumn(facts, headerOf(facts.document, sentence.unit))
    if (isCall ? !YES.test(sentence.text) : !callsInOwnWords(facts, sentence.text)) return []
    if (
      saysNo(sentence.text) ||
      isDenied(sentence.text, sentence.text.length) ||
      /\bidle\b|not called|no call/i.test(sentence.text)
    )
      return []
    const fix = safe(
      replaceSentence(facts, sentence, isCall ? 'none' : 'not called'),
      'Say that OFF makes no call.',
    )
    return [{ from: sentence.from, to: sentence.to, message: MESSAGE, fix }]
  })
}

const YES = /\b(?:call|dry|yes|copy|warm|async|real|post|mirror|ping|request|receiv|x)\w*|✓/iu

/** A column about the call of the Go service, or the column of the service itself. */
function isCallColumn(facts: Facts, header: string): boolean {
  return (
    mentions(facts.entities.go, header) &&
    /call|request|traffic|receiv|contact|get|invok|\bto\b|does|role|is$|^\W*\w+\W*$/i.test(header)
  )
}

function callsInOwnWords(facts: Facts, text: string): boolean {
  return (
    mentions(facts.entities.go, text) &&
    text.search(CALL) >= 0 &&
    !/access log|lines?\b|rows?\b|grep/i.test(text)
  )
}

export const offCallsGo: Rule = {
  id: 'off-calls-go',
  title: 'OFF calls the Go service',
  invariant: 1,
  demands: 'OFF: the legacy driver sends, and the Go service is not called, not even as a dry run.',
  breaks: [
    "case 'OFF': $this->legacy->send($uuid); $this->go->send($uuid, dryRun: true); break;",
    'In OFF each message is also posted to the service, so that its graphs are not empty.',
  ],
  looksOnlySo: [
    'a health probe in OFF',
    '"In OFF the service MUST NOT be called."',
    'a check that counts 0 requests in OFF',
  ],
  fixedBy: 'The call is deleted; prose that announces it is replaced by the rule.',
  check: (facts) => [...inCode(facts), ...inProse(facts), ...inTables(facts)],
}
