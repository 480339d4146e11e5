import { contains, functionOf, within } from '../code/node.ts'
import { mentions, placesOf } from '../facts/entities.ts'
import { failureAround, hangsOnGo } from '../facts/failure.ts'
import type { Facts } from '../facts/facts.ts'
import type { Problem, Rule } from '../finding.ts'
import { safe } from '../fixes/edits.ts'
import { replaceSentence } from '../fixes/prose-edits.ts'
import { isDenied } from '../prose/modality.ts'
import { headerOf } from '../prose/prose.ts'
import { endsFlow, isModeSwitch } from '../facts/mode-context.ts'
import { callsOf, deleteNode, docSpan, isQuestion, saysNo, wholeStatement, type RoleCall } from './scan.ts'

const MESSAGE =
  'In ON legacy sends as well, without a failure of the Go call before it; the message goes out twice'

function inCode(facts: Facts): Problem[] {
  return callsOf(facts, 'legacy').flatMap((found) => {
    const { fact, call, context } = found
    const isOn = context.isExplicit ? context.modes.has('ON') : sendsInEveryMode(found)
    if (!isOn || isAfterFailure(facts, found)) return []
    const statement = wholeStatement(fact.tree, call)
    return [
      {
        ...docSpan(fact.code, statement),
        message: MESSAGE,
        fix: safe(
          deleteNode(facts, fact.code, statement),
          'Delete it; in ON legacy sends only after a failure before acceptance.',
        ),
      },
    ]
  })
}

function isAfterFailure(facts: Facts, { fact, call, context }: RoleCall): boolean {
  const failures = failureAround(fact.tree, call)
  if (failures.some(({ verdict }) => verdict !== 'other') || hangsOnGo(facts, fact.tree, call)) return true
  return !context.arm && failures.length === 0 && !context.isExplicit
    ? false
    : isAfterGuard(facts, { fact, call, context })
}

/** `if (accepted) { ...; break; }` before the place leaves only the failures: judged by the fallback rule. */
function isAfterGuard(facts: Facts, { fact, call, context }: RoleCall): boolean {
  const area = context.arm ?? functionOf(call)
  if (!area) return false
  return fact.tree.nodes.some(
    (node) =>
      node.kind === 'if' &&
      contains(area, node) &&
      node.to < call.from &&
      node.parent === wholeStatement(fact.tree, call).parent &&
      node.arms.some(({ body }) => endsFlow(fact.tree, body)) &&
      !fact.tree.nodes.some(
        (inner) => contains(node, inner) && facts.roles.roleOf(fact.tree, inner) === 'legacy',
      ),
  )
}

/** A legacy send beside the mode switch, in the same function, runs in ON too. */
function sendsInEveryMode({ fact, call }: RoleCall): boolean {
  const owner = functionOf(call)
  return (
    owner !== null &&
    within(fact.tree, owner, 'switch').some((choice) => isModeSwitch(choice) && !contains(choice, call)) &&
    !failureAround(fact.tree, call).some(({ verdict }) => verdict !== 'other')
  )
}

const SENDS =
  /\b(?:sends?|sending|delivers?|delivering|submits?|submitting|runs?|running|stays? (?:active|on|enabled|in use)|remains? (?:active|on|enabled|in use)|continues?|keeps?|dispatch(?:es|ing)?|go(?:es)? out|emits?|transmits?|(?:is|are) (?:also )?sent|fires?|posts?|texts?|texting|mails?|operates?|operation|works?|working|serves?|carries|handles?|transmitting|submitting|emitting|forwards?|forwarding|repeats?|does|hands?|puts?|mirrors?|shadows)\b/gi
const ALSO =
  /\b(?:as well|also|too|both|in parallel|parallel|additionally|in addition|at the same time|simultaneously|twice|alongside|besides|double|duplicat\w+ send|a second time|keeps? (?:on )?sending|continues? (?:to send|sending)|(?:stays?|remains?|kept|left) (?:active|on|enabled|running)|belt and braces|for safety|to be (?:safe|sure)|redundan\w+|second copy|mirror\w*|shadow copy|dual|doubl\w+|side by side|next to|together with|likewise|equally|each (?:\w+ )?(?:as well|too)|a copy|again|tandem|concurrent\w*|on top|in any case|just in case|keeps? (?:\w+ing)|goes on|both|regardless|always)\b/i

function inProse(facts: Facts): Problem[] {
  return facts.sentences.flatMap((sentence) => {
    const { text } = sentence
    const modes = facts.modesOf(sentence)
    if (
      !sentence.instructs ||
      sentence.unit.kind === 'heading' ||
      isQuestion(sentence) ||
      !modes.has('ON') ||
      modes.size > 1
    )
      return []
    if (sentence.unit.row) return inRow(facts, sentence)
    if (
      !mentions(facts.entities.legacy, text) &&
      !isLaravelSending(facts, text) &&
      !/\bboth (?:systems|paths|sides|senders|drivers)\b/i.test(text)
    )
      return []
    const also = ALSO.exec(text)
    const verb = Array.from(text.matchAll(SENDS)).find(
      (match) => !isDenied(text, match.index, match[0].length),
    )
    if (
      !also ||
      !verb ||
      isDenied(text, also.index) ||
      /\b(?:must not|never|only (?:if|when|after)|fall-?back|fails? before|failed|times? ?out|timeout|unless|except|deployed|installed|on standby)\b/i.test(
        text,
      )
    )
      return []
    const line =
      'In `ON` legacy sends only if the call to the Go service failed before acceptance: a timeout (500 ms), a transport failure, or an open breaker.'
    return [
      {
        from: sentence.from,
        to: endOf(facts, sentence),
        message: MESSAGE,
        fix: fixOf(facts, sentence, line),
      },
    ]
  })
}

/** In ON a message that the Laravel application itself sends goes out by the legacy driver. */
function isLaravelSending(facts: Facts, text: string): boolean {
  return placesOf(facts.entities.laravel, text).some(({ to }) => {
    const rest = text.slice(to, to + 120)
    const verb = SENDS_ITSELF.exec(rest)?.[0].length
    if (verb === undefined) return false
    return !placesOf(facts.entities.go, rest.slice(verb)).some(({ from }) =>
      /\b(?:to|into|over to)\s+(?:the\s+)?$/.test(rest.slice(verb, verb + from)),
    )
  })
}

const SENDS_ITSELF =
  /^(?:'s)?(?:\s+(?:app|application|side|portal))?\s+(?:\w+\s+){0,3}?(?:sends?|sending|texts?|texting|deliver(?:s|ing)?|submit(?:s|ting)?|dispatch(?:es|ing)?|transmit(?:s|ting)?)\b/i

/** A sentence that only defends the double send goes with it. */
function defence(facts: Facts, sentence: Facts['sentences'][number]): Facts['sentences'][number] | null {
  const next = facts.neighbour(sentence, 1)
  return next &&
    next.unit === sentence.unit &&
    /\b(?:twice|two (?:sms|texts|messages)|duplicates?|better than|double)\b/i.test(next.text)
    ? next
    : null
}

function endOf(facts: Facts, sentence: Facts['sentences'][number]): number {
  return defence(facts, sentence)?.to ?? sentence.to
}

function fixOf(facts: Facts, sentence: Facts['sentences'][number], line: string): Problem['fix'] {
  const next = defence(facts, sentence)
  if (!next) return safe(replaceSentence(facts, sentence, line), `Replace by: ${line}`)
  return safe(replaceSentence(facts, { ...sentence, to: next.to }, line), `Replace by: ${line}`)
}

function inRow(facts: Facts, sentence: Facts['sentences'][number]): Problem[] {
  const header = headerOf(facts.document, sentence.unit)
  const isLegacyColumn = mentions(facts.entities.legacy, header)
  const isSenderColumn = /who sends|sender|sends|delivers|sent by/i.test(header)
  const text = sentence.text.trim()
  const both =
    isSenderColumn &&
    mentions(facts.entities.go, text) &&
    (mentions(facts.entities.legacy, text) || mentions(facts.entities.laravel, text)) &&
    /\band\b|\+|&|both|,/i.test(text)
  const also =
    isLegacyColumn &&
    !saysNo(text) &&
    /\b(?:sends?|yes|too|also|as well|active|parallel)\b|✓|✔|✅/iu.test(text)
  if ((!both && !also) || /fall-?back|only|if |fail|timeout|not\b/i.test(text)) return []
  const line = both ? 'the Go service' : 'only after a failure before acceptance'
  return [
    {
      from: sentence.from,
      to: sentence.to,
      message: MESSAGE,
      fix: safe(replaceSentence(facts, sentence, line), `Replace by: ${line}`),
    },
  ]
}

export const onLegacyAlsoSends: Rule = {
  id: 'on-legacy-also-sends',
  title: 'In ON legacy sends as well',
  invariant: 1,
  demands: 'ON: the Go service sends; Laravel does not, unless the Go call failed before acceptance.',
  breaks: [
    "case 'ON': $this->go->send(...); $this->legacy->send(...);",
    'For the first two days the legacy driver keeps sending as well.',
  ],
  looksOnlySo: [
    'the legacy send inside if ($result->failedBeforeAcceptance())',
    '"The legacy driver MUST NOT send in ON."',
  ],
  fixedBy: 'The send, with an if that holds nothing else, is deleted; prose is replaced by the rule.',
  check: (facts) => [...inCode(facts), ...inProse(facts)],
}
