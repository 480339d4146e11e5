import type { SyntaxNode } from '@lezer/common'
import { childrenOf, type Adapter, type Context } from '../code/adapt.ts'
import { makeNode, type CodeNode, type NodeKind } from '../code/node.ts'
import { calleeText } from '../php/php-adapter.ts'

type Handler = (syntax: SyntaxNode, parent: CodeNode, context: Context) => CodeNode

const plain =
  (kind: NodeKind): Handler =>
  (syntax, parent, context) => {
    const { from, to } = context.span(syntax)
    return makeNode(kind, from, to, parent)
  }

const walked =
  (kind: NodeKind): Handler =>
  (syntax, parent, context) => {
    const node = plain(kind)(syntax, parent, context)
    for (const child of childrenOf(syntax)) context.walk(child, node)
    return node
  }

const PUNCTUATION = /^(?:[(){}[\],;:.]|:=|=)$/

function addFunction(syntax: SyntaxNode, parent: CodeNode, context: Context): CodeNode {
  const node = plain('function')(syntax, parent, context)
  node.isExpression = syntax.name === 'FunctionLiteral'
  const children = childrenOf(syntax)
  const name = children.find((child) => child.name === 'FieldName' || child.name === 'DefName')
  if (name) node.name = context.slice(name)
  const params = children.filter((child) => child.name === 'Parameters')
  const first = params[0]
  const last = params.at(-1)
  if (first && last) node.head = context.span({ from: first.from, to: last.to })
  const body = children.find((child) => child.name === 'Block')
  if (body) {
    context.walk(body, node)
    node.body = node.children.at(-1) ?? null
  }
  return node
}

function addIf(syntax: SyntaxNode, parent: CodeNode, context: Context): CodeNode {
  const node = plain('if')(syntax, parent, context)
  let condition: { from: number; to: number } | null = null
  for (const child of childrenOf(syntax)) {
    if (child.name === 'Block') {
      context.walk(child, node)
      const body = node.children.at(-1)
      if (body) node.arms.push({ condition, body })
    } else if (child.name === 'else') condition = null
    else if (child.name === 'IfStatement') {
      const nested = addIf(child, node, context)
      node.arms.push(...nested.arms)
    } else if (!PUNCTUATION.test(child.name) && child.name !== 'if') {
      const { from, to } = context.span(child)
      condition = condition ? { from: condition.from, to } : { from, to }
      node.head ??= condition
      context.walk(child, node)
    }
  }
  if (node.head && node.arms[0]?.condition) node.head = node.arms[0].condition
  return node
}

/** The grammar puts a case and its statements side by side; here the statements stand in their case. */
function addSwitch(syntax: SyntaxNode, parent: CodeNode, context: Context): CodeNode {
  const node = plain('switch')(syntax, parent, context)
  const children = childrenOf(syntax)
  const block = children.find((child) => child.name === 'SwitchBlock' || child.name === 'SelectBlock')
  const subject = children.filter(
    (child) => child !== block && !PUNCTUATION.test(child.name) && !/^(?:switch|select)$/.test(child.name),
  )
  for (const child of subject) {
    node.head = context.span(child)
    context.walk(child, node)
  }
  const parts = block ? childrenOf(block) : []
  parts.forEach((part, index) => {
    if (part.name !== 'Case' && part.name !== 'DefaultCase') return
    const next = parts.findIndex((other, at) => at > index && (other.name === 'Case' || other.name === '}'))
    const inside = parts.slice(index + 1, next < 0 ? undefined : next)
    const { from, to } = context.span({ from: part.from, to: inside.at(-1)?.to ?? part.to })
    const arm = makeNode('case', from, to, node)
    arm.labels = childrenOf(part)
      .filter((child) => !PUNCTUATION.test(child.name) && child.name !== 'case' && child.name !== 'default')
      .map((child) => context.slice(child))
    arm.body = arm
    for (const child of inside) context.walk(child, arm)
  })
  return node
}

function addLoop(syntax: SyntaxNode, parent: CodeNode, context: Context): CodeNode {
  const node = plain('loop')(syntax, parent, context)
  for (const child of childrenOf(syntax)) {
    if (child.name === 'RangeClause' || child.name === 'ForClause') node.head = context.span(child)
    const isBody = child.name === 'Block'
    context.walk(child, node)
    if (isBody) node.body = node.children.at(-1) ?? null
  }
  return node
}

function addCall(syntax: SyntaxNode, parent: CodeNode, context: Context): CodeNode {
  const node = plain('call')(syntax, parent, context)
  const list = childrenOf(syntax).find((child) => child.name === 'Arguments')
  node.callee = calleeText(context.slice({ from: syntax.from, to: list?.from ?? syntax.to }))
  node.name = /(\w+)\s*$/.exec(node.callee)?.[1] ?? ''
  for (const child of childrenOf(syntax)) if (child.name !== 'Arguments') context.walk(child, node)
  for (const argument of list ? childrenOf(list) : []) {
    if (PUNCTUATION.test(argument.name)) continue
    const { from, to } = context.span(argument)
    const wrapper = makeNode('other', from, to, node)
    context.walk(argument, wrapper)
    const only = wrapper.children.length === 1 ? wrapper.children[0] : undefined
    node.args.push(only && only.from === from && only.to === to ? only : wrapper)
  }
  return node
}

function addAssign(syntax: SyntaxNode, parent: CodeNode, context: Context): CodeNode {
  const node = plain('assign')(syntax, parent, context)
  const raw = context.slice(syntax)
  const operator = /\s*(?::=|[-+*/|&]?=(?!=))\s*/.exec(raw)
  if (operator) {
    node.name = raw
      .slice(0, operator.index)
      .replace(/^(?:var|const)\s+/, '')
      .trim()
    node.value = { from: node.from + operator.index + operator[0].length, to: node.to }
  }
  for (const child of childrenOf(syntax)) context.walk(child, node)
  return node
}

function addPair(syntax: SyntaxNode, parent: CodeNode, context: Context): CodeNode | null {
  const children = childrenOf(syntax)
  const key = children.find((child) => child.name === 'Key')
  if (!key) return null
  const node = plain('pair')(syntax, parent, context)
  node.name = context.slice(key).replaceAll(/^["`]|["`]$/g, '')
  const value = children.at(-1)
  if (value && value !== key) {
    node.value = context.span(value)
    context.walk(value, node)
  }
  return node
}

const HANDLERS: Readonly<
  Record<string, (syntax: SyntaxNode, parent: CodeNode, context: Context) => CodeNode | null>
> = {
  FunctionDecl: addFunction,
  MethodDecl: addFunction,
  FunctionLiteral: addFunction,
  Block: walked('block'),
  IfStatement: addIf,
  SwitchStatement: addSwitch,
  TypeSwitchStatement: addSwitch,
  SelectStatement: addSwitch,
  ForStatement: addLoop,
  CallExpr: addCall,
  VarDecl: addAssign,
  ConstDecl: addAssign,
  Assignment: addAssign,
  Element: addPair,
  ReturnStatement: walked('return'),
  String: plain('string'),
  ExprStatement: walked('statement'),
  IncDecStatement: walked('statement'),
  GoStatement: walked('statement'),
  DeferStatement: walked('statement'),
  GotoStatement: plain('statement'),
  LineComment: plain('comment'),
  BlockComment: plain('comment'),
}

export const goAdapter: Adapter = {
  adapt: (syntax, parent, context) => HANDLERS[syntax.name]?.(syntax, parent, context) ?? null,
}
