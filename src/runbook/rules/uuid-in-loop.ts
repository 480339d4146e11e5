import {
  ancestors,
  enclosing,
  functionOf,
  statementOf,
  textOf,
  type CodeNode,
  type Tree,
} from '../code/node.ts'
import { isUuidCall, uuidExpression } from '../facts/calls.ts'
import type { Facts } from '../facts/facts.ts'
import { perFacts } from '../facts/per-facts.ts'
import { loopAround, sendsSomething, type Loop } from '../facts/loops.ts'
import type { Problem, Rule } from '../finding.ts'
import { deleteCode, safe } from '../fixes/edits.ts'
import { replaceSentence } from '../fixes/prose-edits.ts'
import { fixUuid } from '../fixes/uuid-fix.ts'
import { clauseAt, isDenied } from '../prose/modality.ts'
import { docSpan, isQuestion, treesOf, type TreeFact } from './scan.ts'

const MESSAGE =
  'A message_uuid is generated inside a loop that sends; it is generated once, at the entry point'
const OTHER_ID =
  /request|correlation|trace|span|header|batch|session|x-|attempt|job_?id|log_?id|event_?id|idempotency|nonce|token|file|lock|worker|run_?id|tenant/i

function inCode(facts: Facts): Problem[] {
  return [...treesOf(facts, 'php'), ...treesOf(facts, 'go')].flatMap((fact) =>
    fact.tree.nodes
      .filter((node) => isUuidCall(node) && !isInner(node))
      .flatMap((call) => {
        const place = placeOf(facts, fact, call)
        if (!place || OTHER_ID.test(purposeOf(call))) return []
        const span = statementSpan(fact.tree, call)
        return [
          { ...docSpan(fact.code, span), message: MESSAGE, fix: fixUuid(facts, fact, call, place.loop) },
        ]
      }),
  )
}

function isInner(call: CodeNode): boolean {
  for (const at of ancestors(call)) {
    if (at.kind !== 'call' && at.kind !== 'other') return false
    if (isUuidCall(at)) return true
  }
  return false
}

/** Where a uuid is made again and again, or null. */
function placeOf(facts: Facts, fact: TreeFact, call: CodeNode): { loop: Loop | null } | null {
  const { tree } = fact
  for (
    let loop = loopAround(tree, call), depth = 0;
    loop && depth < 4;
    loop = loopAround(tree, loop.node), depth++
  ) {
    if (sendsSomething(tree, loop.body)) return { loop }
    if (overwritesItsOwn(tree, call, fact)) return { loop }
  }
  const owner = functionOf(call)
  if (!owner?.body || !sendsSomething(tree, owner.body)) return null
  if (isRetriedJob(tree, owner)) return { loop: null }
  return isCalledInLoop(facts, owner.name) && !ownsEntry(tree, owner) ? { loop: null } : null
}

/** The Go side never makes the id: a loop over received messages that sets their id replaces the one they came with. */
function overwritesItsOwn(tree: Tree, call: CodeNode, fact: TreeFact): boolean {
  if (fact.code.language !== 'go') return false
  const assign = enclosing(call, 'assign')
  return (
    assign !== null && /\.\s*(?:Message)?_?U?UID\s*$/i.test(assign.name) && textOf(tree, assign).length < 200
  )
}

/** A queued job runs again when it fails. */
function isRetriedJob(tree: Tree, owner: CodeNode): boolean {
  const holder = enclosing(owner, 'class')
  if (!/^(?:handle|__invoke|process|execute|run)$/.test(owner.name) || !holder) return false
  return /ShouldQueue|\$tries\b|\$backoff\b|retryUntil/.test(textOf(tree, holder))
}

function ownsEntry(tree: Tree, owner: CodeNode): boolean {
  return /\b\w*Request \$\w+|\brequest\(\)/.test(textOf(tree, owner))
}

const calledInLoop = perFacts((facts: Facts): ReadonlySet<string> => {
  const names = new Set<string>()
  for (const { tree } of [...treesOf(facts, 'php'), ...treesOf(facts, 'go')]) {
    for (const node of tree.nodes) {
      if (
        node.kind === 'call' &&
        /this->|self::|static::|^\w+$|^\w+\.\w+$/.test(node.callee) &&
        loopAround(tree, node)
      )
        names.add(node.name)
    }
  }
  return names
})

function isCalledInLoop(facts: Facts, name: string): boolean {
  return name !== '' && name !== '__construct' && calledInLoop(facts).has(name)
}

/** What the id is for, by the name it gets. */
function purposeOf(call: CodeNode): string {
  for (const at of ancestors(call)) {
    if (at.kind === 'pair') return at.name
    if (at.kind === 'assign') return at.name
    if (at.kind === 'call' && /header|with(?:Token|Context)|log|setRequestId|Set$/i.test(at.callee))
      return `header ${at.callee}`
    if (at.kind === 'block' || at.kind === 'case') return ''
  }
  return ''
}

function statementSpan(tree: Tree, call: CodeNode): { from: number; to: number } {
  const statement = statementOf(call)
  const isShort = !textOf(tree, statement).slice(0, -1).includes('\n')
  if (isShort) return statement
  const { from, to } = uuidExpression(tree, call)
  return { from, to }
}

const SHELL_RETRY =
  /\b(?:until|while\s+!|while\s+\[\[?\s*\$\{?(?:attempt|tries|retr\w*|n|i)\b|for\s+(?:attempt|try|retry|retries)\b)[^\n]*(?:\n|;)\s*do\b([\s\S]*?)\bdone\b/g

function inShell(facts: Facts): Problem[] {
  return facts.codes
    .filter(({ code, instructs }) => instructs && code.language === 'shell')
    .flatMap(({ code }) =>
      Array.from(code.text.matchAll(SHELL_RETRY)).flatMap((match) => {
        const at = match[0].search(/\buuidgen\b|\/proc\/sys\/kernel\/random\/uuid/)
        if (at < 0 || !/\b(?:curl|http|wget|grpcurl)\b/.test(match[0])) return []
        const span = { from: match.index + at, to: match.index + at + 7 }
        const line = code.text.slice(code.text.lastIndexOf('\n', span.from) + 1)
        const isOwnLine = /^\s*\w+=["']?\$\(/.test(line)
        const edits = isOwnLine ? hoist(facts, code, match.index, span.from) : null
        return [
          {
            ...docSpan(code, span),
            message: MESSAGE,
            fix: safe(edits, 'Make the uuid once, before the loop.'),
          },
        ]
      }),
    )
}

/** Moves the line that makes the id in front of the loop. */
function hoist(
  facts: Facts,
  code: TreeFact['code'],
  loopAt: number,
  at: number,
): Problem['fix']['edits'] | null {
  const from = code.text.lastIndexOf('\n', at) + 1
  const end = code.text.indexOf('\n', at)
  const line = code.text.slice(from, end < 0 ? undefined : end).trim()
  const removal = deleteCode(
    facts.document.source,
    code,
    from + (code.text.slice(from).length - code.text.slice(from).trimStart().length),
    end < 0 ? code.text.length : end,
  )
  const start = docSpan(code, { from: code.text.lastIndexOf('\n', loopAt) + 1, to: loopAt + 1 }).from
  return removal && !code.item && !code.inQuote
    ? [{ from: start, to: start, text: `${line}\n` }, ...removal]
    : null
}

const MAKE =
  /\b(?:generat\w+|creat\w+|mint\w*|draw\w*|assign\w*|mak(?:e|es|ing)|gets?|receives?|uses?|takes?|fresh|new|issue[sd]?|re-?generat\w*|roll\w*|pick\w*)\b/gi
const EACH =
  /\b(?:(?:on|at|after|for|with) (?:a |the )?(?:failover|retry|redelivery|re-?send|re-?try|next (?:attempt|provider|try)|second (?:attempt|try))|(?:per|(?:for|in|on|at|with|before|inside|within) (?:each|every|the)|each|every|inside (?:a|the|each|its)|in (?:a|the|its)) (?:\w+ ){0,2}(?:attempt|retry|retries|re-?try|iteration|try|provider|pass|re-?send|loop|turn|failover|redelivery|re-?run))\b/i

function inProse(facts: Facts): Problem[] {
  return facts.sentences.flatMap((sentence) => {
    if (!sentence.instructs || sentence.unit.kind === 'heading' || isQuestion(sentence)) return []
    const { text } = sentence
    if (
      !/\b(?:message[_ ]?)?(?:uuids?|identit(?:y|ies)|message ids?)\b/i.test(text) ||
      OTHER_ID.test(text.replaceAll(/attempt|header|job|re-?run/gi, ''))
    )
      return []
    const each = EACH.exec(text)
    const verb =
      each && Array.from(text.matchAll(MAKE)).find((match) => !isDenied(text, match.index, match[0].length))
    if (!each || !verb) return []
    const clause = clauseAt(text, verb.index)
    if (
      /\b(?:same|once|reus\w+|keeps?|unchanged|identical|must not|never|not)\b/i.test(
        text.slice(clause.from, clause.to),
      )
    )
      return []
    if (!/\b(?:fresh|new|own|generat\w+|creat\w+|mint\w*|draw\w*|another|different)\b/i.test(text)) return []
    const line = 'Every attempt uses the `message_uuid` that was generated once, at the entry point.'
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

export const uuidInLoop: Rule = {
  id: 'uuid-in-loop',
  title: 'A message_uuid is generated inside a loop',
  invariant: 2,
  demands:
    'A message_uuid is generated once, at the entry point, before any send logic; never in a retry, provider or message loop.',
  breaks: [
    'foreach ($rows as $row) { $uuid = Str::uuid(); $this->send($uuid, $row); }',
    'retry(3, fn () => $client->send(Str::uuid(), $to))',
    'for attempt := 0; attempt < 3; attempt++ { req.MessageUUID = uuid.NewString(); p.Send(req) }',
  ],
  looksOnlySo: [
    'a loop that only fills the entry map',
    'a request id or a correlation id',
    'an expression evaluated once: the subject of a foreach, the start of a for',
  ],
  fixedBy:
    'The key of the entry map takes its place; an assignment that overwrites the id that was passed in is deleted.',
  check: (facts) => [...inCode(facts), ...inShell(facts), ...inProse(facts)],
}
