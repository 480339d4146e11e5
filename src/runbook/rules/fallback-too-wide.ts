import { contains, functionOf, textOf, within, type CodeNode } from '../code/node.ts'
import { mentions } from '../facts/entities.ts'
import { failureAround, wideTypes, type Failure } from '../facts/failure.ts'
import type { Facts } from '../facts/facts.ts'
import type { Problem, Rule } from '../finding.ts'
import { manual, replaceCode, safe, together } from '../fixes/edits.ts'
import { breakAfter, narrowCondition, transportType } from '../fixes/narrow-fallback.ts'
import { gateSection } from '../facts/places.ts'
import { isWithin } from '../markdown/document.ts'
import { replaceSentence } from '../fixes/prose-edits.ts'
import { isDenied } from '../prose/modality.ts'
import { wrongMembers } from './rule-lists.ts'
import { callsOf, deleteNode, docSpan, goName, tells, treesOf, type RoleCall, type TreeFact } from './scan.ts'

const MESSAGE =
  'Legacy sends after more than a timeout, a transport failure or an open breaker: an answer, 5xx included, allows no fallback'

function inCode(facts: Facts): Problem[] {
  const seen = new Set<CodeNode>()
  return callsOf(facts, 'legacy').flatMap((found) => {
    const { context } = found
    if (context.isExplicit && !context.modes.has('ON')) return []
    if (!context.isExplicit && !goIsTried(facts, found)) return []
    const wide = failureAround(found.fact.tree, found.call).filter(({ verdict }) => verdict === 'wide')[0]
    const allowed = failureAround(found.fact.tree, found.call)[0]
    if (!wide || (allowed?.verdict === 'allowed' && allowed.kind === 'if') || seen.has(wide.node)) return []
    seen.add(wide.node)
    return [{ ...docSpan(found.fact.code, headOf(wide)), message: MESSAGE, fix: fixOf(facts, found, wide) }]
  })
}

function headOf({ node, span }: Failure): { from: number; to: number } {
  return { from: node.kind === 'if' && node.head === span ? node.from : span.from, to: span.to }
}

/** Without a mode around it, a legacy send in a handler counts when the call to Go stands in the same function. */
function goIsTried(facts: Facts, { fact, call }: RoleCall): boolean {
  const owner = functionOf(call) ?? fact.tree.root
  return fact.tree.nodes.some((node) => contains(owner, node) && facts.roles.roleOf(fact.tree, node) === 'go')
}

function fixOf(facts: Facts, { fact, call }: RoleCall, failure: Failure): Problem['fix'] {
  const { source } = facts.document
  const advice = 'Let legacy send only after a timeout, a transport failure or an open breaker.'
  if (failure.kind === 'catch') {
    const type = transportType(facts, fact)
    const variable = /\$\w+/.exec(textOf(fact.tree, failure.span))?.[0]
    const kept = failure.text
      .split('|')
      .map((part) => part.trim())
      .filter((part) => part !== '' && wideTypes(part).length === 0)
    const types = kept.length > 0 ? kept.join(' | ') : type
    if (types === null)
      return manual(`${advice} The client of this runbook throws nothing for them: test its result.`)
    return safe(
      replaceCode(
        source,
        fact.code,
        failure.span.from,
        failure.span.to,
        `(${types}${variable ? ` ${variable}` : ''})`,
      ),
      advice,
    )
  }
  const condition = narrowCondition(facts, fact, call, failure)
  return condition
    ? safe(
        together(
          replaceCode(source, fact.code, failure.span.from, failure.span.to, condition),
          breakAfter(facts, fact, call, failure),
        ),
        advice,
      )
    : manual(advice)
}

const BEFORE = /(?:not_?accepted|failed_?before|before_?accept|unreach|notReached|transport|no_?answer)/i

/** A client that calls an answer "failed before acceptance" widens the fallback of everybody who asks it. */
function inClient(facts: Facts): Problem[] {
  return treesOf(facts, 'php').flatMap((fact) => {
    const { tree, code } = fact
    const results = tree.nodes.filter(
      (node) =>
        (node.kind === 'return' || node.kind === 'throw') &&
        BEFORE.test(textOf(tree, node)) &&
        textOf(tree, node).length < 240,
    )
    return results.flatMap((node) => {
      const owner = functionOf(node)
      if (
        !owner ||
        !/(?:->post\(|->request\(|Http::|curl_exec|->send\(|->sendRequest\()/.test(textOf(tree, owner))
      )
        return []
      const failure = failureAround(tree, node)[0]
      if (!failure || failure.verdict !== 'wide' || !isAboutAnswer(tree, failure)) return []
      return [{ ...docSpan(code, headOf(failure)), message: MESSAGE, fix: clientFix(facts, fact, failure) }]
    })
  })
}

/** A catch gets the transport exception; an `if` about an answer goes, so that the answer is read as one. */
function clientFix(facts: Facts, fact: TreeFact, failure: Failure): Problem['fix'] {
  const { code, tree } = fact
  if (failure.kind === 'catch') {
    const type = transportType(facts, fact)
    const variable = / \$\w+/.exec(textOf(tree, failure.span))?.[0] ?? ''
    if (type === null) return manual('Catch only transport failures.')
    return safe(
      replaceCode(facts.document.source, code, failure.span.from, failure.span.to, `(${type}${variable})`),
      'Catch only transport failures.',
    )
  }
  const advice = 'Delete it: an answer of the service, whatever its code, is no failure before acceptance.'
  const isPlain = failure.node.arms.length === 1 && failure.node.arms[0]?.body.children.length === 1
  return isPlain && !/\|\||&&/.test(failure.text)
    ? safe(deleteNode(facts, code, failure.node), advice)
    : manual(advice)
}

function isAboutAnswer(tree: Parameters<typeof failureAround>[0], failure: Failure): boolean {
  if (failure.kind === 'if') return true
  return failure.node.parent !== null && within(tree, failure.node.parent, 'call').length > 0
}

const RESEND =
  /\b(?:fall(?:s|ing)? back|fell back|fallback|re-?sends?|sends? (?:it |them |the (?:message|sms|text)s? )?(?:again|once more|anew)|takes? over|retr(?:y|ies)|sends?|steps? in|kicks? in|delivers?|hand(?:s|ed)? (?:it )?back|goes? out|re-?submits?|repeat(?:s|ed)?|re-?sent|sent|re-?sending|re-?submitted|re-?delivers?|re-?delivered|delivered|re-?play(?:s|ed)?|re-?routes?|re-?routed|divert(?:s|ed)?|push(?:es|ed)? (?:\w+ )?(?:again|out|through|via|over)|push(?:es|ed)|jumps? in|(?:is|are) tried|tries (?:it |them )?(?:again|once more)?|goes|go|hand(?:s|ed)? (?:\w+ )?(?:over|to)|pass(?:es|ed)? (?:\w+ )?to|re-?dispatch(?:es|ed)?|re-?queues?|re-?queued|takes? (?:the )?(?:message|text|sms)s?|picks? (?:it |them )?up|does the (?:job|send|work)|texts?|covers?|rescues?|(?:push|send|put|run|hand|give|post|fire|shoot|play|feed|issue|start)(?:e?s|ed)? (?:[\w-]+ ){0,4}(?:again|once more|a second time|anew|afresh|out|through|via|over))\b/gi
const ANSWERED =
  /\b(?:rejected|rejects|5xx|4xx|50\d(?!\s*ms)|4\d\d(?!\s*ms)|http error|error (?:status|code|response|answer)|any (?:error|failure|exception|problem|reason|other (?:status|answer|error))|an error|errors|(?:any|every|all|other|whatever) (?:status|answer|exception|non-?2xx|response|failure)|non-?2xx|not (?:answer(?:ed)? )?(?:with )?`?\s*accepted|other than\s+accepted|anything (?:but|other|else)|unless [\w\s]{0,20}accepted|unsuccessful|fails? for (?:any|whatever)|whatever the (?:reason|cause)|duplicate|negative answer|is slow|slow|throws|exception|internal server error|does not deliver|undelivered|no delivery (?:receipt|report)|receipt|complain\w*|unknown status|bad gateway|validation|(?<!connections? (?:is |are |was )?)refus(?:es|ed|al)(?! connection| the connection)|declin(?:es|ed)|turn(?:s|ed) (?:it |them )?down|den(?:ies|ied)|negative (?:verdict|status|reply)|server error|gateway error|`?(?:500|502|503|504|429|422)`?(?! ?(?:ms|milli))|non-200|anything (?:that is )?not `?accepted|status(?:es)? (?:other|different)|not `?accepted`?|malformed|unparsable|garbage)\b/i

function inProse(facts: Facts): Problem[] {
  return facts.sentences.flatMap((sentence) => {
    const { text } = sentence
    if (!tells(sentence) || isInGate(facts, sentence) || !isAboutLegacy(facts, text)) return []
    if (!ANSWERED.test(text) || isGateRow(facts, text, sentence.lead)) return []
    const modes = facts.modesOf(sentence)
    if (modes.has('SHADOW') || (modes.has('OFF') && !modes.has('ON'))) return []
    // What the service has refused is an answer of it, no denial of the sentence's verb.
    const active = text.replaceAll(/\brefus(?:ed|al)\b/gi, (word) => 'x'.repeat(word.length))
    const verb = Array.from(text.matchAll(RESEND)).find(
      (match) => !isDenied(active, match.index, match[0].length) && !/^rejects?/i.test(match[0]),
    )
    if (
      !verb ||
      /\b(?:must not|never|do not|may not|no fall-?back|not allowed|only (?:if|when|after|on)\b(?![^.]*\b(?:any|5xx|rejected|error)))/i.test(
        text,
      )
    )
      return []
    // What is sent may be called an alert; what only watches sends nothing.
    const around = text.replace(verb[0], ' ')
    if (/\b(?:grow\w*|alert|page|dashboard|panel|metric|counter|threshold)\b/i.test(around)) return []
    const line = sentence.unit.row
      ? 'no second send; a ticket with the `message_uuid`'
      : `When ${goName(facts)} has answered, whatever the answer, do not send again; legacy sends only after a timeout (500 ms), a transport failure or while the breaker is open.`
    return [
      {
        from: sentence.from,
        to: sentence.to,
        message: MESSAGE,
        fix: safe(replaceSentence(facts, sentence, line), `Replace by: ${line}`),
      },
    ]
  })
}

function isAboutLegacy(facts: Facts, text: string): boolean {
  return mentions(facts.entities.legacy, text) || /\bfall(?:s|ing)?[- ]?back\b|--driver[= ]legacy/i.test(text)
}

/** What the gate's checks expect is no instruction to fall back. */
function isInGate(facts: Facts, sentence: Facts['sentences'][number]): boolean {
  const gate = gateSection(facts)
  return gate !== null && isWithin(sentence.section, gate)
}

/** A check that counts 0 legacy sends after `rejected` proves the rule. */
function isGateRow(facts: Facts, text: string, lead: string): boolean {
  return (
    /\b(?:expect\w*|pass|assert\w*|check)\b/i.test(`${lead} ${text}`.slice(-200)) &&
    /\b0\b|\bno\b|\bnothing\b/.test(text) &&
    mentions(facts.entities.legacy, text)
  )
}

export const fallbackTooWide: Rule = {
  id: 'fallback-too-wide',
  title: 'Legacy falls back after more than the three permitted causes',
  invariant: 1,
  demands:
    'ON: legacy falls back only when the call to the Go service timed out (500 ms), failed in transport, or met an open breaker. An answer, 5xx included, allows none.',
  breaks: [
    'catch (\\Throwable $e) { $this->legacy->send(...); }',
    "if ($result['status'] !== 'accepted') { $this->legacy->send(...); }",
    'When the service answers rejected, send again through the old path.',
  ],
  looksOnlySo: [
    'a catch-all in SHADOW that only logs',
    'if ($result->failedBeforeAcceptance())',
    '"Never send through legacy what the service has accepted."',
  ],
  fixedBy:
    'The catch names the transport exception only; the condition asks for what the client returns when nothing was accepted.',
  check: (facts) => [
    ...inCode(facts),
    ...inClient(facts),
    ...inProse(facts),
    ...wrongMembers(facts, 'fallback', MESSAGE),
  ],
}
