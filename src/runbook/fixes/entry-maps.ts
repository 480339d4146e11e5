import { variablePattern } from '../code/variable.ts'
import { contains, statementOf, textOf, type CodeNode, type Tree } from '../code/node.ts'
import { isUuidCall, uuidExpression } from '../facts/calls.ts'
import { ownerOf, type ControllerShape } from '../facts/controller-shape.ts'
import type { Facts } from '../facts/facts.ts'
import type { Edit } from '../finding.ts'
import { indentAt, indentStep, insertAfter, insertBefore, replaceCode, together } from './edits.ts'

type MapName = 'uuids' | 'recipients'

/** The id is made as the send loop makes it now, where that takes nothing of the loop; else by Laravel's helper. */
function newUuid({ fact, sendLoop }: ControllerShape): string {
  const { tree } = fact
  const call = sendLoop
    ? tree.nodes.find((node) => isUuidCall(node) && contains(sendLoop.body, node))
    : undefined
  const text = call ? textOf(tree, uuidExpression(tree, call)) : ''
  return text === '' || /\$(?!this\b)/.test(text) ? '(string) Str::uuid()' : text
}

/** Edits that build the missing entry maps before any send; null where the recipient cannot be told from the code. */
export function buildMaps(facts: Facts, shape: ControllerShape, missing: readonly MapName[]): Edit[] | null {
  const present = shape.uuids ?? shape.recipients
  if (missing.length === 1 && present?.loop) return besideOther(facts, shape, missing[0] ?? 'uuids', present)
  if (missing.length === 2 && shape.sendLoop && !shape.sendLoop.isCall && shape.sendLoop.subject)
    return beforeLoop(facts, shape)
  if (!shape.sendLoop) return withoutLoop(facts, shape, missing)
  return null
}

/** Fills the missing map in the loop that fills the other one. */
function besideOther(
  facts: Facts,
  shape: ControllerShape,
  missing: MapName,
  present: NonNullable<ControllerShape['uuids']>,
): Edit[] | null {
  const { code, tree } = shape.fact
  const { source } = facts.document
  const name = missing === 'uuids' ? '$messageUuidMap' : '$recipientMap'
  const key = /\[([^\]]*)\]/.exec(present.fill.name)?.[1]?.trim()
  if (key === undefined || !present.loop) return null
  const value =
    missing === 'uuids' ? { text: newUuid(shape), edits: [] } : recipientFor(facts, shape, present, key)
  if (!value) return null
  const fill = statementOf(present.fill)
  const index = key === '' ? '' : key
  const filled = [
    insertAfter(source, code, fill.to - 1, [
      `${indentAt(code, fill.from)}${name}[${index}] = ${value.text};`,
    ]),
  ]
  const anchor = present.declaration ? statementOf(present.declaration) : null
  const declared = anchor
    ? [insertAfter(source, code, anchor.to - 1, [`${indentAt(code, anchor.from)}${name} = [];`])]
    : [
        insertBefore(source, code, present.loop.node.from, [
          `${indentAt(code, present.loop.node.from)}${name} = [];`,
        ]),
      ]
  if (tree.text.slice(fill.from, fill.to).includes('\n')) return null
  return together(declared, filled, value.edits)
}

/** The recipient as the send loop reads it, in the words of the entry loop. */
function recipientFor(
  facts: Facts,
  shape: ControllerShape,
  entry: NonNullable<ControllerShape['uuids']>,
  key: string,
): { text: string; edits: Edit[] } | null {
  const { sendLoop, fact } = shape
  const found = recipientExpression(facts, shape)
  const text = found && inWordsOf(shape, entry, key, found.text)
  if (!found || !text || !sendLoop) return null
  if (!sendLoop.key) return { text, edits: [] }
  const edits = replaceCode(
    facts.document.source,
    fact.code,
    found.from,
    found.to,
    `$recipientMap[${sendLoop.key}]`,
  )
  return edits ? { text, edits } : null
}

/** The expression with the entry loop's key and value; null where it names what that loop cannot see. */
function inWordsOf(
  { sendLoop, fact }: ControllerShape,
  entry: NonNullable<ControllerShape['uuids']>,
  key: string,
  expression: string,
): string | null {
  const { loop } = entry
  if (!sendLoop || !loop) return null
  let text = sendLoop.key && sendLoop.key !== key ? substitute(expression, sendLoop.key, key) : expression
  if (sendLoop.value && variablePattern(sendLoop.value).test(text)) {
    if (sendLoop.subject === entry.name || sendLoop.subject !== loop.subject || !loop.value) return null
    text = substitute(text, sendLoop.value, loop.value)
  }
  const known = new Set([key, '$this', loop.key, loop.value])
  const names = Array.from(text.matchAll(/\$\w+/g), ([name]) => name)
  return names.every((name) => known.has(name) || isBefore(fact.tree, name, loop.node)) ? text : null
}

function substitute(text: string, from: string, to: string): string {
  return text.replaceAll(variablePattern(from, 'g'), () => to)
}

function isBefore(tree: Tree, name: string, loop: CodeNode | undefined): boolean {
  const at = tree.text.search(variablePattern(name))
  return at >= 0 && loop !== undefined && at < loop.from
}

const RECIPIENT_NAME =
  /^\$(?:to|recip\w*|phone\w*|number|msisdn|dest\w*|target|receiver|address|handset|tel\w*|mobile)$/i
const RECIPIENT_KEY =
  /\[['"](?:to|recipient|phone(?:_?number)?|number|msisdn|destination|receiver|mobile|tel|address)['"]\]|->(?:to|recipient|phone\w*|number|msisdn|destination|mobile)\b(?!\()/i

/** Where the send loop gets the recipient from: a variable set at its top, or an argument of a send. */
function recipientExpression(
  facts: Facts,
  shape: ControllerShape,
): { text: string; from: number; to: number } | null {
  const { tree } = shape.fact
  const area = shape.sendLoop?.body ?? ownerOf(shape)
  const assigned = tree.nodes.find(
    (node) =>
      node.kind === 'assign' && contains(area, node) && RECIPIENT_NAME.test(node.name) && node.value !== null,
  )
  if (assigned?.value) return { ...assigned.value, text: textOf(tree, assigned.value) }
  for (const call of tree.nodes) {
    if (!contains(area, call) || facts.roles.roleOf(tree, call) === null) continue
    const argument = call.args.find(
      (candidate) =>
        RECIPIENT_KEY.test(textOf(tree, candidate)) ||
        RECIPIENT_NAME.test(textOf(tree, candidate).trim()) ||
        textOf(tree, candidate).trim() === shape.sendLoop?.value,
    )
    if (argument) return { from: argument.from, to: argument.to, text: textOf(tree, argument).trim() }
  }
  return null
}

/** A loop of its own before the one that sends, over the same messages. */
function beforeLoop(facts: Facts, shape: ControllerShape): Edit[] | null {
  const { fact, sendLoop } = shape
  const { code, tree } = fact
  const { source } = facts.document
  if (!sendLoop?.subject || !sendLoop.value || !sendLoop.node.head) return null
  const found = recipientExpression(facts, shape)
  if (!found) return null
  const key = sendLoop.key ?? (code.text.includes('$index') ? '$entry' : '$index')
  const indent = indentAt(code, sendLoop.node.from)
  const step = indentStep(code)
  const head = `foreach (${sendLoop.subject} as ${key} => ${sendLoop.value})`
  const isFree = Array.from(found.text.matchAll(/\$\w+/g), ([name]) => name).every(
    (name) =>
      name === sendLoop.value ||
      name === sendLoop.key ||
      name === '$this' ||
      isBefore(tree, name, sendLoop.node),
  )
  if (!isFree) return null
  const lines = [
    '$messageUuidMap = [];',
    '$recipientMap = [];',
    `${head} {`,
    `${step}$messageUuidMap[${key}] = ${newUuid(shape)};`,
    `${step}$recipientMap[${key}] = ${found.text};`,
    '}',
    '',
  ]
  const inserted = insertBefore(
    source,
    code,
    sendLoop.node.from,
    lines.map((line) => (line === '' ? '' : indent + line)),
  )
  const keyed = sendLoop.key
    ? []
    : replaceCode(
        source,
        code,
        sendLoop.node.head.from,
        sendLoop.node.head.to,
        `(${sendLoop.subject} as ${key} => ${sendLoop.value})`,
      )
  const uses = tree.nodes.filter(
    (node) =>
      node.kind !== 'root' &&
      contains(sendLoop.body, node) &&
      textOf(tree, node).trim() === found.text &&
      node.children.length === 0,
  )
  const replaced =
    found.text === sendLoop.value
      ? []
      : together(
          ...spansOf(found, uses).map((span) =>
            replaceCode(source, code, span.from, span.to, `$recipientMap[${key}]`),
          ),
        )
  return together([inserted], keyed, replaced)
}

function spansOf(
  found: { from: number; to: number },
  uses: readonly CodeNode[],
): { from: number; to: number }[] {
  const spans = [found, ...uses].map(({ from, to }) => ({ from, to }))
  return spans.filter((span, index) => spans.findIndex((other) => other.from === span.from) === index)
}

/** A controller for one message: maps with one entry. */
function withoutLoop(facts: Facts, shape: ControllerShape, missing: readonly MapName[]): Edit[] | null {
  const { code, tree } = shape.fact
  const { source } = facts.document
  const owner = ownerOf(shape)
  const uuid = tree.nodes.find((node) => isUuidCall(node) && contains(owner, node))
  const assign = uuid
    ? tree.nodes.find((node) => node.kind === 'assign' && contains(node, uuid) && /^\$\w+$/.test(node.name))
    : undefined
  const recipient = recipientExpression(facts, shape)
  const decision = shape.choice ?? shape.chain
  if (!uuid || !assign || !recipient || !decision || uuid.from > decision.from) return null
  const expression = uuidExpression(tree, uuid)
  const statement = statementOf(assign)
  const indent = indentAt(code, statement.from)
  const parts: (Edit[] | null)[] = []
  if (missing.includes('uuids')) {
    parts.push([
      insertBefore(source, code, statement.from, [
        `${indent}$messageUuidMap = [${textOf(tree, expression)}];`,
      ]),
    ])
    parts.push(replaceCode(source, code, expression.from, expression.to, '$messageUuidMap[0]'))
  }
  if (missing.includes('recipients')) {
    const line = statementOf(
      tree.nodes.find(
        (node) => node.from <= recipient.from && recipient.to <= node.to && node.kind === 'statement',
      ) ?? statement,
    )
    if (line.from > decision.from) return null
    parts.push([insertBefore(source, code, line.from, [`${indent}$recipientMap = [${recipient.text}];`])])
    parts.push(replaceCode(source, code, recipient.from, recipient.to, '$recipientMap[0]'))
  }
  return together(...parts)
}
