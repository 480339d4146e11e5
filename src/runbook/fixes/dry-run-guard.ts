import {
  ancestors,
  contains,
  enclosing,
  statementOf,
  textOf,
  within,
  type CodeNode,
  type Tree,
} from '../code/node.ts'
import type { CodeFact, Facts } from '../facts/facts.ts'
import type { ProviderUse } from '../facts/provider-calls.ts'
import type { Fix } from '../finding.ts'
import { deleteCode, indentAt, insertBefore, manual, replaceCode, safe, together } from './edits.ts'

type Fact = CodeFact & { readonly tree: Tree }

const ADVICE =
  'Put `if req.DryRun { log("DRY_RUN_NO_PROVIDER_CALL"); return accepted }` before the provider call.'

/** Puts the guard where no dry run can pass it: before the call, and before the loop that repeats it. */
export function fixGuard(facts: Facts, fact: Fact, use: ProviderUse): Fix {
  const { code, tree } = fact
  const { source } = facts.document
  const { guard } = use
  const anchor = anchorOf(tree, use)
  const indent = indentAt(code, anchor.from)
  if (guard.kind === 'late' && endsScope(tree, guard.node)) {
    const moved = textOf(tree, guard.node)
      .split('\n')
      .map((line, index) => (index === 0 ? indent + line : line))
    return safe(
      together(
        [insertBefore(source, code, anchor.from, [...moved, ''])],
        deleteCode(source, code, guard.node.from, guard.node.to),
      ),
      'Move the guard before the provider call.',
    )
  }
  const lines = guardLines(facts, fact, use, anchor, indent)
  if (!lines) return manual(ADVICE)
  if (guard.kind === 'leaky')
    return safe(
      replaceCode(source, code, guard.node.from, guard.node.to, lines.join('\n').trimStart()),
      ADVICE,
    )
  return safe(
    [insertBefore(source, code, anchor.from, isTight(code.text, anchor.from) ? lines : [...lines, ''])],
    ADVICE,
  )
}

/** A compact fragment gets no blank line behind the guard. */
function isTight(text: string, at: number): boolean {
  return !/\n[ \t]*\n/.test(text.slice(0, at)) && text.split('\n').length < 14
}

function endsScope(tree: Tree, node: CodeNode): boolean {
  const last = node.arms[0]?.body.children.at(-1)
  return (
    node.kind === 'if' &&
    node.arms.length === 1 &&
    last?.kind === 'return' &&
    !/!/.test(node.head ? textOf(tree, node.head) : '')
  )
}

/** The statement to stand before: a loop that only repeats the attempt is passed, a loop over messages is not. */
function anchorOf(tree: Tree, use: ProviderUse): CodeNode {
  const variable = messageVariable(tree, use)
  let anchor = statementOf(use.call)
  for (const at of ancestors(use.call)) {
    if (at === use.scope) break
    if (at.kind === 'loop') {
      const isOwn =
        variable !== null &&
        new RegExp(String.raw`\b${variable}\b[\w\s,]*:?=`).test(tree.text.slice(at.from, use.call.from))
      if (isOwn) break
      anchor = statementOf(at)
    } else if (at.kind === 'if' || at.kind === 'function') anchor = statementOf(at)
  }
  const before = anchor.parent?.children ?? []
  const index = before.indexOf(anchor)
  const previous = before[index - 1]
  const isDeclaration =
    previous && /^var\s*\(|^var \w+/.test(textOf(tree, previous)) && anchor.kind === 'loop'
  return isDeclaration && previous ? previous : anchor
}

const FIELDS =
  /\b(\w+)\.(?:Message_?UU?ID|MessageUuid|Uuid|UUID|DryRun|Recipient|To|Body|Text|Phone|Number|Msisdn|MSISDN|Message|Content|Get[A-Z]\w*)\b/

/** The variable that holds the message: what the call's arguments are fields of. */
function messageVariable(tree: Tree, { call, scope }: ProviderUse): string | null {
  const text = call.args.map((argument) => textOf(tree, argument)).join(', ')
  const field = FIELDS.exec(text)?.[1]
  if (field) return field
  const whole = Array.from(
    text.matchAll(
      /(?:^|[\s*&(,])(req|request|msg|message|m|in|cmd|sms|item|payload|body|job|envelope)\b(?![.(])/g,
    ),
    (match) => match[1],
  )[0]
  return whole ?? FIELDS.exec(textOf(tree, scope))?.[1] ?? null
}

function guardLines(
  facts: Facts,
  fact: Fact,
  use: ProviderUse,
  anchor: CodeNode,
  indent: string,
): string[] | null {
  const { tree } = fact
  const variable = messageVariable(tree, use)
  const reply = replyLines(tree, use, anchor)
  if (!variable || !reply) return null
  const field = flagField(facts, variable, textOf(tree, use.scope))
  const step =
    /^\t/m.test(fact.code.text) || indent.includes('\t') || !/^ +\S/m.test(fact.code.text) ? '\t' : '    '
  const inner = [logLine(tree, use, variable), ...reply].map((line) => `${indent}${step}${line}`)
  return [`${indent}if ${field} {`, ...inner, `${indent}}`]
}

function flagField(facts: Facts, variable: string, scope: string): string {
  if (new RegExp(String.raw`\b${variable}\.Get[A-Z]`).test(scope)) return `${variable}.GetDryRun()`
  for (const { code } of facts.codes) {
    const known =
      code.language === 'go' ? /\b\w+\.((?:Is)?Dry_?Run(?:\(\))?|Dry)\b/.exec(code.text)?.[1] : undefined
    if (known) return `${variable}.${known}`
  }
  return `${variable}.DryRun`
}

/** Logs as the block logs already. */
function logLine(tree: Tree, { scope }: ProviderUse, variable: string): string {
  const text = textOf(tree, scope)
  const uuid = new RegExp(
    String.raw`\b${variable}\.(?:Message_?UU?ID|MessageUuid|UUID|Uuid|GetMessageUuid\(\)|GetUuid\(\))`,
  ).exec(tree.text)?.[0]
  const structured =
    /\b((?:\w+\.)*(?:log|logger|slog|lg)(?:\.With\([^()]*\))?)\.(?:Info|Warn|Error|Debug)(Context\(\w+,\s*|\()/.exec(
      text,
    )
  const tail = uuid ? `, "message_uuid", ${uuid}` : ''
  if (structured?.[1])
    return `${structured[1]}.Info${structured[2] === '(' ? '(' : (structured[2] ?? '(')}"DRY_RUN_NO_PROVIDER_CALL"${tail})`
  return uuid && /\blog\.Printf\(/.test(text)
    ? `log.Printf("DRY_RUN_NO_PROVIDER_CALL message_uuid=%s", ${uuid})`
    : 'log.Println("DRY_RUN_NO_PROVIDER_CALL")'
}

const REPLY =
  /(?:write|respond|reply|json|encode|render|answer|ok|accepted|result|send(?:json|response))\w*$/i

/** The lines that answer `accepted`, made of how the handler answers after a real send. */
function replyLines(tree: Tree, use: ProviderUse, anchor: CodeNode): string[] | null {
  const loop = enclosing(anchor, 'loop')
  const isInLoop = loop !== null && contains(use.scope, loop) && use.scope !== loop
  if (isInLoop) {
    const append = within(tree, loop, 'assign').find(
      (node) => node.from > use.call.from && /\bappend\(/.test(textOf(tree, node)),
    )
    return append ? [substituted(use, textOf(tree, append)), 'continue'] : ['continue']
  }
  const later = tree.nodes.filter((node) => contains(use.scope, node) && node.from >= use.call.to)
  const returns = later.filter(
    (node) =>
      node.kind === 'return' &&
      /^return\s+\S/.test(textOf(tree, node)) &&
      enclosing(node, 'function') === enclosing(use.call, 'function'),
  )
  const returned = returns.findLast((node) => /accepted/i.test(textOf(tree, node))) ?? returns.at(-1)
  if (returned) return substituted(use, textOf(tree, returned)).split('\n')
  const answer = later
    .filter(
      (node) =>
        node.kind === 'call' &&
        REPLY.test(node.name) &&
        !/\b(?:log|logger|slog|errors?|store|db|repo|logs)\b/i.test(node.callee) &&
        !/Error|BadRequest|Status(?:4|5)|err\b.*err/.test(node.name),
    )
    .at(-1)
  if (answer) return [...substituted(use, textOf(tree, statementOf(answer))).split('\n'), 'return']
  const writer = /\b(\w+)\s+http\.ResponseWriter/.exec(textOf(tree, use.scope))?.[1]
  return writer ? [`${writer}.WriteHeader(http.StatusAccepted)`, 'return'] : null
}

/** What only a provider can answer becomes empty, the status becomes accepted. */
function substituted({ call }: ProviderUse, text: string): string {
  const assign = enclosing(call, 'assign')
  const results = (assign?.name ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => /^\w+$/.test(name) && name !== '_')
  let result = text
  const names = results.filter((name) => !/^err\w*$/i.test(name) && !/^(?:status|state)$/i.test(name))
  for (const name of [...results, 'err'])
    result = result.replaceAll(
      new RegExp(
        String.raw`\b(?!append\b|len\b)[A-Za-z_][\w.]*\((?:[^()]*[\s,])?${name}(?:\s*,[^()]*)?\)(?=\s*[,})]|$)`,
        'g',
      ),
      (whole) => (REPLY.test(whole.slice(0, whole.indexOf('('))) ? whole : '"accepted"'),
    )
  for (const name of names)
    result = result.replaceAll(
      new RegExp(String.raw`(?<![\w."])${name}\b(?:\.\w+(?:\(\))?)*(?!\s*:[^=]|\w|")`, 'g'),
      '""',
    )
  result = result.replaceAll(/(?<![\w."])(?:status|state)\b(?!\s*:|\w|"|\.|\()/g, '"accepted"')
  return result.replaceAll(/(?<![\w.])err\b(?=\s*$)/gm, 'nil')
}
