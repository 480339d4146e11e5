import { contains, textOf, within, type CodeNode } from '../code/node.ts'
import { mentions, placesOf } from '../facts/entities.ts'
import type { Facts } from '../facts/facts.ts'
import { DRY_TEST, isProviderCall, providerUses } from '../facts/provider-calls.ts'
import type { Problem, Rule } from '../finding.ts'
import { fixGuard } from '../fixes/dry-run-guard.ts'
import { replaceCode, safe, manual } from '../fixes/edits.ts'
import { replaceSentence } from '../fixes/prose-edits.ts'
import { isDenied } from '../prose/modality.ts'
import { headerOf, type Sentence } from '../prose/prose.ts'
import { isSandboxed } from './dry-run-guard-missing.ts'
import { capitalised, docSpan, goName, isQuestion, saysNo, treesOf, type TreeFact } from './scan.ts'

const MESSAGE = 'A dry run reaches a provider; in SHADOW the Go service contacts none, no sandbox either'

function inCode(facts: Facts): Problem[] {
  return treesOf(facts, 'go').flatMap((fact) => {
    const uses = providerUses(fact.tree)
    const sandboxed = uses
      .filter((use) => isSandboxed(fact, use))
      .map((use) => {
        const at = use.guard.kind === 'leaky' ? use.guard.node : use.call
        return { ...docSpan(fact.code, at), message: MESSAGE, fix: fixGuard(facts, fact, use) }
      })
    return [...sandboxed, ...inDryBranch(facts, fact)]
  })
}

/** A provider call inside `if req.DryRun { ... }` itself. */
function inDryBranch(facts: Facts, fact: TreeFact): Problem[] {
  const { tree, code } = fact
  return within(tree, tree.root, 'if').flatMap((choice) => {
    const arm = choice.arms[0]
    const condition = arm?.condition ? textOf(tree, arm.condition) : ''
    if (!arm || !DRY_TEST.test(condition) || condition.includes('!')) return []
    const call = tree.nodes.find((node) => contains(arm.body, node) && reachesProvider(tree, node))
    if (!call) return []
    return [{ ...docSpan(code, choice), message: MESSAGE, fix: dryBranchFix(facts, fact, arm.body, call) }]
  })
}

function reachesProvider(tree: TreeFact['tree'], node: CodeNode): boolean {
  return isProviderCall(tree, node) || (node.kind === 'call' && /sandbox/i.test(node.callee))
}

/** The call becomes a log line, where nothing needs its result. */
function dryBranchFix(
  facts: Facts,
  { tree, code }: TreeFact,
  body: CodeNode,
  call: CodeNode,
): Problem['fix'] {
  const statement = tree.nodes.find((node) => node.parent === body && contains(node, call))
  const result = statement?.kind === 'assign' ? (statement.name.split(',')[0]?.trim() ?? '') : null
  const isNeeded =
    statement &&
    result !== null &&
    new RegExp(String.raw`\b${result}\b`).test(tree.text.slice(statement.to, body.to))
  if (!statement || statement.kind === 'return' || isNeeded) {
    return manual('Answer accepted without a call: log("DRY_RUN_NO_PROVIDER_CALL") and return.')
  }
  const logger = /\blog\./.test(tree.text.replaceAll(/\w\.log\./g, ''))
    ? null
    : /\b(\w+\.log)\./.exec(tree.text)?.[1]
  const line = logger
    ? `${logger}.Info("DRY_RUN_NO_PROVIDER_CALL")`
    : 'log.Println("DRY_RUN_NO_PROVIDER_CALL")'
  const edits = replaceCode(facts.document.source, code, statement.from, statement.to, line)
  return safe(edits, 'Log DRY_RUN_NO_PROVIDER_CALL in its place.')
}

const CONTACT =
  /\b(?:calls?|called|contacts?|contacted|submits?|submitted|sends?|sent|forwards?|forwarded|delivers?|delivered|posts?|posted|hits?|uses?|used|passes|passed|goes|go|reaches|reached|talks|dispatch(?:es|ed)?|routes?|routed|relays?|relayed|pushes|pushed|exercises?|tries|transmits?|hands?|handed|queries|asks)\b/gi
const PROVIDER =
  /\b(?:providers?|aggregators?|vendors?|carriers?|sandbox(?:es)?|test (?:account|key|number|route|trunk|endpoint)|upstream|smsc|sms operator|network operator|live (?:account|route)|twilio|vonage|nexmo|sinch|infobip|messagebird|plivo)\b/i

function inProse(facts: Facts): Problem[] {
  const names = providerNames(facts)
  return facts.sentences.flatMap((sentence) => {
    const { text } = sentence
    const modes = facts.modesOf(sentence)
    const isDry =
      (modes.size === 1 && modes.has('SHADOW')) ||
      (/\bdry[- _]?runs?\b/i.test(text) && !modes.has('OFF') && !modes.has('ON'))
    if (!sentence.instructs || sentence.unit.kind === 'heading' || !isDry || isQuestion(sentence)) return []
    if (sentence.unit.row) return inRow(facts, sentence)
    const provider = PROVIDER.exec(text) ?? names?.exec(text)
    if (!provider) return []
    const verb = contactVerb(text, provider.index)
    if (!verb || !isGoAgent(facts, sentence, verb.index) || hasNoWords(text)) return []
    const line = `In \`SHADOW\` ${goName(facts)} contacts no provider, neither with a live nor with a test account.`
    return [
      {
        from: sentence.from,
        to: sentence.to,
        message: MESSAGE,
        fix: safe(replaceSentence(facts, sentence, capitalised(line)), `Replace by: ${line}`),
      },
    ]
  })
}

function contactVerb(text: string, providerAt: number): RegExpExecArray | undefined {
  return Array.from(text.matchAll(CONTACT)).find(
    (match) =>
      match.index < providerAt + 30 &&
      !isDenied(text, match.index, match[0].length) &&
      !isDenied(text, providerAt),
  )
}

function hasNoWords(text: string): boolean {
  return /\b(?:must not|never|no provider|not (?:call|contact|reach)|neither|none of|stubbed out|instead of (?:calling|contacting)|without (?:calling|contacting|a provider)|expect(?:ed|s)? 0|0 (?:calls|requests|submits)|DRY_RUN_NO_PROVIDER_CALL|proves?|verif\w+|checks?|assert\w*)\b/i.test(
    text,
  )
}

/** The legacy driver may well call its provider in SHADOW; only the Go side may not. */
function isGoAgent(facts: Facts, sentence: Sentence, at: number): boolean {
  const { text } = sentence
  const before = text.slice(0, at)
  const go = placesOf(facts.entities.go, before).at(-1)?.from ?? -1
  const legacy = Math.max(
    placesOf(facts.entities.legacy, before).at(-1)?.from ?? -1,
    placesOf(facts.entities.laravel, before).at(-1)?.from ?? -1,
  )
  const copies =
    Array.from(
      before.matchAll(
        /\b(?:dry[- ]?runs?(?: cop(?:y|ies)| messages?| requests?)?|shadow (?:cop(?:y|ies)|messages?|requests?|traffic)|it|copies|copy|handler)\b/gi,
      ),
    ).at(-1)?.index ?? -1
  const agent = Math.max(go, copies)
  if (agent >= 0 || legacy >= 0) return agent > legacy
  return (
    mentions(facts.entities.go, sentence.section.heading ?? '') || mentions(facts.entities.go, text.slice(at))
  )
}

function providerNames(facts: Facts): RegExp | null {
  const names = new Set<string>()
  for (const match of facts.norm.matchAll(
    /\b(?:provider|aggregator|vendor|carrier)(?: portal| [A-Z])?\s*(?:\(|is|,|called|named|:)\s*[*_`"]*([A-Z][\w-]{2,})/g,
  ))
    if (match[1]) names.add(match[1])
  return names.size > 0
    ? new RegExp(
        String.raw`\b(?:${[...names]
          .slice(0, 8)
          .map((name) => name.replaceAll('-', String.raw`\-`))
          .join('|')})\b`,
      )
    : null
}

function inRow(facts: Facts, sentence: Sentence): Problem[] {
  const header = headerOf(facts.document, sentence.unit)
  const text = sentence.text.trim()
  const isGoColumn = mentions(facts.entities.go, header)
  const isByGo = /provider|aggregator|vendor|carrier/i.test(header) && mentions(facts.entities.go, text)
  const tells =
    isGoColumn &&
    PROVIDER.test(text) &&
    /\b(?:calls?|contacts?|sends?|submits?|sandbox|test (?:account|key)|yes)\b/i.test(text)
  const isYes =
    isGoColumn &&
    /provider|aggregator|vendor|carrier/i.test(header) &&
    /^\W*(?:yes|sandbox|test|called|contacted|real|✓)/iu.test(text)
  if ((!isByGo && !tells && !isYes) || saysNo(text) || isDenied(text, text.length) || hasNoWords(text))
    return []
  const line = isByGo && !isGoColumn ? 'legacy driver only' : 'no provider'
  return [
    {
      from: sentence.from,
      to: sentence.to,
      message: MESSAGE,
      fix: safe(replaceSentence(facts, sentence, line), `Replace by: ${line}`),
    },
  ]
}

export const shadowProviderCall: Rule = {
  id: 'shadow-provider-call',
  title: 'A dry run reaches a provider',
  invariant: 1,
  demands:
    'SHADOW: the Go service does not call external providers; provider code does not run when DryRun is true.',
  breaks: [
    'if m.DryRun { p = a.sandbox }',
    'In SHADOW the service submits the copies to the sandbox account of the vendor.',
  ],
  looksOnlySo: [
    '"In this mode the service MUST NOT call a provider."',
    'the legacy driver that calls its provider in SHADOW',
    'a test that counts 0 provider calls',
  ],
  fixedBy: 'The branch becomes the guard that answers accepted; the sentence is replaced by the rule.',
  check: (facts) => [...inCode(facts), ...inProse(facts)],
}
