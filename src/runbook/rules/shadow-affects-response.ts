import { contains, textOf, type CodeNode } from '../code/node.ts'
import { mentions } from '../facts/entities.ts'
import type { Facts } from '../facts/facts.ts'
import { leaksOf } from '../facts/shadow-leaks.ts'
import type { Problem, Rule } from '../finding.ts'
import { manual, replaceCode, safe } from '../fixes/edits.ts'
import { replaceSentence } from '../fixes/prose-edits.ts'
import { isDenied } from '../prose/modality.ts'
import type { Sentence } from '../prose/prose.ts'
import { callsOf, deleteNode, docSpan, goName, rootOf, tells, type RoleCall } from './scan.ts'

const MESSAGE = 'In SHADOW the result of the Go service reaches the HTTP response'

function inCode(facts: Facts): Problem[] {
  const problems = new Map<CodeNode, Problem>()
  for (const found of callsOf(facts, 'go')) {
    const { context, call, fact } = found
    if (!context.isExplicit || context.modes.size !== 1 || !context.modes.has('SHADOW')) continue
    for (const node of leaksOf(found)) {
      if (
        [...problems.keys()].some(
          (known) => contains(known, node) && known.parent !== null && rootIs(known, node),
        )
      )
        continue
      problems.set(node, {
        ...docSpan(fact.code, node),
        message: MESSAGE,
        fix: fixOf(facts, found, node, call),
      })
    }
  }
  return [...problems.values()]
}

function rootIs(a: CodeNode, b: CodeNode): boolean {
  return rootOf(a) === rootOf(b)
}

function fixOf(facts: Facts, { fact }: RoleCall, node: CodeNode, call: CodeNode): Problem['fix'] {
  const { code, tree } = fact
  const { source } = facts.document
  if (node.kind === 'case')
    return manual('Let the arm yield what the legacy driver answers; only log the answer of the Go service.')
  if (node.kind === 'catch') {
    const body = node.body
    const variable = /\$\w+/.exec(textOf(tree, node.head ?? node))?.[0]
    if (!body || !variable)
      return manual('Only report the failure; the response stays as the legacy driver made it.')
    const inner = body.children.filter((child) => child.kind !== 'comment')
    const first = inner[0]
    const last = inner.at(-1)
    if (!first || !last) return manual('Only report the failure.')
    const end = last.to + (code.text.slice(last.to).startsWith(';') ? 1 : 0)
    return safe(
      replaceCode(source, code, first.from, end, `report(${variable});`),
      'Only report the failure.',
    )
  }
  if (contains(node, call)) {
    const end = node.to + (/^\s*;/.exec(code.text.slice(node.to))?.[0].length ?? 0)
    return safe(
      replaceCode(source, code, node.from, end, `${textOf(tree, call)};`),
      'Call it as a statement of its own and only log its answer.',
    )
  }
  return safe(deleteNode(facts, code, node), 'Delete what carries the answer into the response.')
}

const ANSWER =
  /\b(?:[45]\d\d|respond\w*|error (?:page|message|screen)|(?:http )?(?:response|status code|status|answer|reply)|(?:the )?(?:api|controller|endpoint|caller|client|school|customer|user|tenant|merchant|front ?end|browser|app|shop|portal|laravel|we|it)|screen|sees?|shown|displayed|verdict|judge?ments?)\b/i
const EFFECT =
  /\b(?:answers?|returns?|returned|responds?|replies|reply|changes?|changed|overrides?|overwrites?|replaces?|decides?|determines?|propagat\w+|pass(?:es|ed)? (?:\w+ )?(?:on|back|through|along)|(?:is|are) (?:handed|given|relayed|forwarded|sent) (?:on |back )?to|surfac\w+|sees?|is told|gets? (?:an? )?error|merg\w+|embed\w*|expos\w+|attach\w*|adds?|puts?|feeds?|bubbl\w+|is (?:shown|merged|copied|included|used)|becomes?|fails? the request|takes? (?:the status|over)|affects?|influences?|gets? (?:a )?[45]\d\d|with (?:a |an )?(?:http )?[45]\d\d|waits? for|see|reads?|shows?|shown|displays?|displayed|presents?|gets?|receives?|is (?:warned|informed|notified|refused|rejected|presented|displayed|visible)|appears?|warns?|informs?|turns? (?:red|into)|raises?|aborts?|refuses?|fails?|blocks?|blocked|stops?)\b/gi
const HTTP =
  /\b(?:[45]\d\d|response|http|caller|answers? the|returns?|respond\w*|api|status code|(?:users?|customers?|callers?|clients?) (?:sees?|gets?|is told)|error (?:page|message|screen)|request fails|sees the|reply|replies|(?:an? |the )?(?:error|warning|message|notice|banner|hint|alert|refusal) (?:\w+ ){0,3}?(?:on|in|at) (?:\w+ ){0,2}(?:screen|form|page|app|browser|dialog|front ?end|desk|portal|interface)|on (?:his|her|their|the|its) (?:screen|form|page|display|phone)|(?:sees?|gets?|receives?|reads?|is (?:told|shown|warned|informed|given|refused)|shown to|displayed to|passed (?:on |back )?to|returned to|told to) (?:the |an? |its |their |this |that )?(?:\w+ ){0,2}?(?:error|message|warning|verdict|status|rejection|refusal|judge?ment|result|outcome|answer|user|caller|customer|client|clerk|agent|browser|app|staff|secretary|operator|tenant|merchant)|(?:sees?|gets?|is (?:told|shown)) (?:what|whether|that))\b/i

function inProse(facts: Facts): Problem[] {
  return facts.sentences.flatMap((sentence) => {
    const modes = facts.modesOf(sentence)
    if (modes.size !== 1 || !modes.has('SHADOW') || !tells(sentence)) return []
    if (
      !mentions(facts.entities.go, sentence.text) &&
      !/\b(?:its|the|that) (?:result|answer|verdict|status|outcome|response|reply)\b|\bdry[- ]run (?:result|answer|verdict|status|outcome)|\bshadow (?:result|answer|verdict|status|outcome|response)/i.test(
        sentence.text,
      )
    )
      return []
    if (
      !ANSWER.test(sentence.text) ||
      !HTTP.test(sentence.text) ||
      /\b(?:log(?:s|ged)?|gate|check|expected|expect|assert|pass|compare[ds]?|verify|curl)\b/i.test(
        sentence.text,
      )
    )
      return []
    const verb = Array.from(sentence.text.matchAll(EFFECT)).find(
      (match) =>
        !isDenied(sentence.text, match.index, match[0].length) && !isGoItself(facts, sentence, match.index),
    )
    if (
      !verb ||
      /\b(?:must not|never|does not|doesn't|no effect|may not|cannot|ignored|discarded|dropped|whatever|regardless|independent|unchanged|same as|identical)\b/i.test(
        sentence.text,
      )
    )
      return []
    const text = sentence.unit.row
      ? 'no effect on the response'
      : `In \`SHADOW\` the answer of ${goName(facts)} is only logged and MUST NOT change the HTTP response.`
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

/** "Go answers with accepted" speaks of Go's own answer, not of what Laravel answers its caller. */
function isGoItself(facts: Facts, sentence: Sentence, at: number): boolean {
  const { text, unit } = sentence
  const before = text.slice(0, at)
  facts.entities.go.lastIndex = 0
  const places = Array.from(before.matchAll(facts.entities.go), (match) => match.index + match[0].length)
  const last = places.at(-1)
  const isSubject =
    last !== undefined && /^\W*(?:service|also|then|only|already)?\W*$/.test(before.slice(last))
  return (
    isSubject &&
    !/\b(?:to the (?:caller|client|user|school|customer)|http response)\b/i.test(text) &&
    // A cell is too short to pass an answer on: "answers 500" is what the row begins with.
    (unit.row !== null || !/\b[45]\d\d\b/.test(text))
  )
}

export const shadowAffectsResponse: Rule = {
  id: 'shadow-affects-response',
  title: 'The SHADOW result changes the HTTP response',
  invariant: 1,
  demands: 'SHADOW: the result of the Go service does not affect the HTTP response.',
  breaks: [
    "case 'SHADOW': ... if ($shadow['status'] === 'rejected') { $outcome[$key] = 'rejected'; }",
    'When the service says rejected in SHADOW, the API answers with 422.',
  ],
  looksOnlySo: [
    'a catch-all in SHADOW that only logs',
    'the answer written to the log',
    '"Its result MUST NOT change the HTTP response."',
  ],
  fixedBy: 'What carries the answer out of the SHADOW branch is deleted; the call stays.',
  check: (facts) => [...inCode(facts), ...inProse(facts)],
}
