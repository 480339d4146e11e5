import { variablePattern } from '../code/variable.ts'
import {
  ancestors,
  contains,
  enclosing,
  functionOf,
  statementOf,
  textOf,
  type CodeNode,
  type Tree,
} from '../code/node.ts'
import { uuidExpression } from '../facts/calls.ts'
import type { CodeFact, Facts } from '../facts/facts.ts'
import { loopAround, type Loop } from '../facts/loops.ts'
import type { Edit, Fix } from '../finding.ts'
import { deleteCode, manual, replaceCode, safe, together } from './edits.ts'

type Fact = CodeFact & { readonly tree: Tree }

/** Replaces the generation by the id that exists already; manual where none is in scope. */
export function fixUuid(facts: Facts, fact: Fact, call: CodeNode, loop: Loop | null): Fix {
  return fact.code.language === 'go' ? fixGo(facts, fact, call) : fixPhp(facts, fact, call, loop)
}

function fixPhp(facts: Facts, fact: Fact, call: CodeNode, loop: Loop | null): Fix {
  const { tree, code } = fact
  const { source } = facts.document
  const assign = enclosing(call, 'assign')
  const statement = statementOf(call)
  const isWhole =
    assign !== null && statement.kind === 'statement' && assign.parent === statement && assign.value !== null
  if (isWhole && /^\$\w+$/.test(assign.name) && hasValueAlready(tree, call, assign.name, loop)) {
    return safe(
      deleteCode(source, code, statement.from, statement.to),
      `Delete the line; ${assign.name} has its value already.`,
    )
  }
  const expression = uuidExpression(tree, call)
  const key = mapKey(tree, call)
  if (key) {
    const edits = together(
      replaceCode(source, code, expression.from, expression.to, key.text),
      usesOf(facts, fact, call, key),
    )
    return safe(edits, `Use ${key.text}, which was filled at the entry point.`)
  }
  const property = propertyOf(tree, call)
  if (property)
    return safe(
      replaceCode(source, code, expression.from, expression.to, property),
      `Use ${property}, which the caller set.`,
    )
  return manual(
    'Take the uuid from $messageUuidMap, which is filled once at the entry point, and pass it in.',
  )
}

/** A parameter, or a variable set before the loop, that the assignment would overwrite. */
function hasValueAlready(tree: Tree, call: CodeNode, name: string, loop: Loop | null): boolean {
  const pattern = variablePattern(name)
  for (const at of ancestors(call)) {
    if (at.kind !== 'function') continue
    if (at.head && pattern.test(textOf(tree, at.head))) return true
    if (
      at.isExpression &&
      at.body &&
      /use\s*\([^)]*\)\s*$/.test(tree.text.slice(at.from, at.body.from)) &&
      pattern.test(tree.text.slice(at.from, at.body.from))
    )
      return true
    if (!at.isExpression) break
  }
  if (!loop || loop.node.kind !== 'loop') return false
  if (loop.value === name || loop.key === name) return true
  const owner = functionOf(call)
  return tree.nodes.some(
    (node) =>
      node.kind === 'assign' &&
      node.name === name &&
      node.to < loop.node.from &&
      (!owner || contains(owner, node)) &&
      loop.subject === null,
  )
}

interface MapKey {
  readonly text: string
  readonly variables: readonly string[]
}

/** The entry of the uuid map for the turn a place runs in. */
function mapKey(tree: Tree, call: CodeNode): MapKey | null {
  const owner = functionOf(call)
  const map = tree.nodes.find(
    (node) =>
      node.kind === 'assign' &&
      /^\$messageUuidMap\b/.test(node.name) &&
      node.to < call.from &&
      (!owner || contains(owner, node)),
  )
  if (!map) return null
  for (let loop = loopAround(tree, call); loop; loop = loopAround(tree, loop.node)) {
    if (loop.key && loop.subject !== null)
      return { text: `$messageUuidMap[${loop.key}]`, variables: ['$messageUuidMap', loop.key] }
    if (loop.subject !== null && /^\$messageUuidMap$/.test(loop.subject) && loop.value)
      return { text: loop.value, variables: [loop.value] }
  }
  return null
}

/** A closure sees only what its `use` list names. */
function usesOf(facts: Facts, { tree, code }: Fact, call: CodeNode, key: MapKey): Edit[] | null {
  const { source } = facts.document
  const edits: Edit[] = []
  for (const at of ancestors(call)) {
    if (at.kind !== 'function') continue
    if (!at.isExpression) break
    const head = tree.text.slice(at.from, at.body?.from ?? at.from)
    if (!/^(?:static\s+)?function\b/.test(head)) continue
    const list = /\buse\s*\(([^)]*)\)/.exec(head)
    const absent = key.variables.filter((name) => !variablePattern(name).test(head))
    if (absent.length === 0) continue
    const at0 = list ? at.from + list.index + list[0].length - 1 : at.from + head.lastIndexOf(')') + 1
    const separator = list?.[1]?.trim() ? ', ' : ''
    const edit = replaceCode(
      source,
      code,
      at0,
      at0,
      list ? separator + absent.join(', ') : ` use (${absent.join(', ')})`,
    )
    if (!edit) return null
    edits.push(...edit)
  }
  return edits
}

/** The property a job got its id in. */
function propertyOf(tree: Tree, call: CodeNode): string | null {
  const holder = enclosing(call, 'class')
  const match =
    holder &&
    /\$(\w*(?:uuid|messageId)\w*)\b/i.exec(
      holder.children
        .filter((child) => !contains(child, call))
        .map((child) => textOf(tree, child))
        .join('\n'),
    )
  const name = match?.[1]
  return holder &&
    name &&
    name !== 'messageUuidMap' &&
    /private|protected|public|readonly/.test(textOf(tree, holder))
    ? `$this->${name}`
    : null
}

const FIELD = /\b(\w+)\.((?:Message|Msg)?_?(?:UUID|Uuid|ID|Id))\b/g

function fixGo(facts: Facts, fact: Fact, call: CodeNode): Fix {
  const { tree, code } = fact
  const { source } = facts.document
  const assign = enclosing(call, 'assign')
  const isWhole = assign !== null && statementOf(call) === assign
  if (isWhole && /\.\w+$/.test(assign.name)) {
    return safe(
      deleteCode(source, code, assign.from, assign.to),
      `Delete the line; ${assign.name} is the one that came with the request.`,
    )
  }
  const expression = uuidExpression(tree, call)
  const owner = functionOf(call) ?? tree.root
  const field = Array.from(tree.text.slice(owner.from, owner.to).matchAll(FIELD)).find(
    ([whole, base]) => /uuid/i.test(whole) && base !== 'uuid',
  )?.[0]
  const known = field ?? fieldElsewhere(facts, textOf(tree, owner))
  if (!known) return manual('Use the message_uuid that came with the request.')
  if (isWhole && assign.name === known)
    return safe(deleteCode(source, code, assign.from, assign.to), 'Delete the line.')
  return safe(
    replaceCode(source, code, expression.from, expression.to, known),
    `Use ${known}, which came with the request.`,
  )
}

/** The field name that another handler of the runbook reads, on the request variable of this one. */
function fieldElsewhere(facts: Facts, own: string): string | null {
  const request = /\b(req|request|in|msg|m|cmd|payload|body)\.[A-Z]\w*/.exec(own)?.[1]
  if (!request) return null
  for (const { code } of facts.codes) {
    if (code.language !== 'go') continue
    const field = Array.from(code.text.matchAll(FIELD)).find(([whole]) => /uuid/i.test(whole))?.[2]
    if (field) return `${request}.${field}`
  }
  return null
}
