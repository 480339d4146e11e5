import { contains, functionOf, statementOf, textOf, type CodeNode, type Tree } from '../code/node.ts'
import { variablePattern } from '../code/variable.ts'
import type { Facts } from '../facts/facts.ts'
import type { Problem } from '../finding.ts'
import { indentAt, insertAfter, manual, safe } from '../fixes/edits.ts'
import { docSpan, treesOf, type TreeFact } from './scan.ts'

type Message = (fields: readonly string[]) => string

/** `$row = new SmsLog(); $row->source = 'go'; ... $row->save();` */
export function objectRows(facts: Facts, fields: readonly string[], message: Message): Problem[] {
  return treesOf(facts, 'php').flatMap((fact) =>
    fact.tree.nodes
      .filter((node) => isNewRow(fact.tree, node))
      .flatMap((made) => problemOf(facts, fact, made, fields, message)),
  )
}

function isNewRow(tree: Tree, node: CodeNode): boolean {
  return (
    node.kind === 'assign' &&
    /^\$\w+$/.test(node.name) &&
    /=\s*new \\?(?:\w+\\)*SmsLog\b\s*(?:\(\s*\))?$/.test(textOf(tree, node))
  )
}

function problemOf(
  facts: Facts,
  fact: TreeFact,
  made: CodeNode,
  fields: readonly string[],
  message: Message,
): Problem[] {
  const { tree, code } = fact
  const area = functionOf(made) ?? tree.root
  const set = tree.nodes.filter(
    (node) =>
      node.kind === 'assign' &&
      contains(area, node) &&
      node.from > made.to &&
      node.name.startsWith(`${made.name}->`),
  )
  const valueOf = new Map(
    set.map((node) => [node.name.slice(made.name.length + 2), node.value ? textOf(tree, node.value) : '']),
  )
  const source = valueOf.get('source')
  const isGo =
    source === undefined ? /go|result|reply/i.test(area.name) : /['"]go['"]|::Go\b|::GO\b/.test(source)
  const missing = fields.filter((field) => !valueOf.has(field))
  const last = set.at(-1)
  if (!isGo || missing.length === 0 || !last) return []
  const values = missing.map((field) => valueFor(textOf(tree, area), field))
  const lines = missing.map(
    (field, index) => `${indentAt(code, last.from)}${made.name}->${field} = ${values[index] ?? ''};`,
  )
  const advice = `Set ${missing.join(', ')}.`
  const fix = values.includes(null)
    ? manual(advice)
    : safe([insertAfter(facts.document.source, code, statementOf(last).to - 1, lines)], advice)
  return [{ ...docSpan(code, statementOf(made)), message: message(missing), fix }]
}

function valueFor(text: string, field: string): string | null {
  if (field === 'source') return "'go'"
  if (field === 'message_uuid') return /\$(?:message_?uuid|uuid)\b/i.exec(text)?.[0] ?? null
  const result = /\$(?:result|reply|res|verdict|answer|response)\b/.exec(text)?.[0]
  if (!result) return null
  const isArray = variablePattern(result).test(text) && new RegExp(`\\${result}\\[`).test(text)
  if (field === 'status') return isArray ? `${result}['status']` : `${result}->status`
  return isArray ? `${result}['provider_message_id'] ?? null` : `${result}->providerMessageId`
}
