import type { SyntaxNode } from '@lezer/common'
import { childrenOf, type Adapter, type Context } from '../code/adapt.ts'
import { makeNode, type CodeNode, type NodeKind } from '../code/node.ts'

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

const PUNCTUATION = /^(?:[(){}[\],;:]|=>|->|\?->|::)$/

function addFunction(syntax: SyntaxNode, parent: CodeNode, context: Context): CodeNode {
  const node = plain('function')(syntax, parent, context)
  node.isExpression = syntax.name === 'FunctionExpression' || syntax.name === 'ArrowFunction'
  const children = childrenOf(syntax)
  const name = children.find((child) => child.name === 'Name')
  if (name && !node.isExpression) node.name = context.slice(name)
  const params = children.find((child) => child.name === 'ParamList')
  if (params) node.head = context.span(params)
  for (const child of children) context.walk(child, node)
  node.body = node.children.find((child) => child.kind === 'block') ?? node.children.at(-1) ?? null
  return node
}

function addClass(syntax: SyntaxNode, parent: CodeNode, context: Context): CodeNode {
  const node = plain('class')(syntax, parent, context)
  const name = childrenOf(syntax).find((child) => child.name === 'Name')
  if (name) node.name = context.slice(name)
  const brace = context.slice(syntax).indexOf('{')
  node.head = { from: node.from, to: brace < 0 ? node.to : node.from + brace }
  for (const child of childrenOf(syntax)) context.walk(child, node)
  return node
}

/** A statement's body as a block, also where braces are left out. */
function bodyOf(syntax: SyntaxNode, parent: CodeNode, context: Context): CodeNode {
  const { from, to } = context.span(syntax)
  const body = makeNode('block', from, to, parent)
  if (syntax.name === 'Block' || syntax.name === 'ColonBlock')
    for (const child of childrenOf(syntax)) context.walk(child, body)
  else context.walk(syntax, body)
  return body
}

function addIf(syntax: SyntaxNode, parent: CodeNode, context: Context): CodeNode {
  const node = plain('if')(syntax, parent, context)
  let condition: { from: number; to: number } | null = null
  for (const child of childrenOf(syntax)) {
    if (child.name === 'ParenthesizedExpression') {
      condition = context.span(child)
      node.head ??= condition
      context.walk(child, node)
    } else if (child.name === 'else') condition = null
    else if (!/^(?:if|elseif|endif|;)$/.test(child.name) && !child.type.isError) {
      const body = child.name === 'IfStatement' ? null : bodyOf(child, node, context)
      if (body) node.arms.push({ condition, body })
      else addElseIf(child, node, context)
    }
  }
  return node
}

/** `else if` reads as one more pair of arms of the same statement. */
function addElseIf(syntax: SyntaxNode, node: CodeNode, context: Context): void {
  const nested = addIf(syntax, node, context)
  node.arms.push(...nested.arms)
}

function addSwitch(syntax: SyntaxNode, parent: CodeNode, context: Context): CodeNode {
  const node = plain('switch')(syntax, parent, context)
  node.isExpression = syntax.name === 'MatchExpression'
  for (const child of childrenOf(syntax)) {
    if (child.name === 'ParenthesizedExpression') node.head = context.span(child)
    const inside = /^(?:Match)?Block$/.test(child.name) ? childrenOf(child) : [child]
    for (const part of inside) if (!PUNCTUATION.test(part.name)) context.walk(part, node)
  }
  return node
}

function addCase(syntax: SyntaxNode, parent: CodeNode, context: Context): CodeNode {
  const node = plain('case')(syntax, parent, context)
  const separator = syntax.name === 'MatchArm' ? '=>' : ':'
  const children = childrenOf(syntax)
  const at = children.findIndex(
    (child) => child.name === separator || (separator === ':' && child.name === ';'),
  )
  const labels = children
    .slice(0, at)
    .filter((child) => !PUNCTUATION.test(child.name) && child.name !== 'case' && child.name !== 'default')
  node.labels = labels.map((child) => context.slice(child))
  for (const child of children.slice(at + 1)) context.walk(child, node)
  node.body = node
  return node
}

function addTry(syntax: SyntaxNode, parent: CodeNode, context: Context): CodeNode {
  const node = plain('try')(syntax, parent, context)
  let declared: { from: number; to: number } | null = null
  for (const child of childrenOf(syntax)) {
    if (child.name === 'CatchDeclarator') declared = child
    else if (child.name === 'Block' && !node.body) node.body = bodyOf(child, node, context)
    else if (child.name === 'Block' && declared) {
      const { from, to } = context.span({ from: declared.from, to: child.to })
      const handler = makeNode('catch', from, to, node)
      handler.head = context.span(declared)
      handler.callee = context.slice(declared).replaceAll(/^\(|\)$|\s*\$\w+/g, '')
      handler.body = bodyOf(child, handler, context)
      declared = null
    } else if (child.name === 'Block') bodyOf(child, node, context)
  }
  return node
}

function addLoop(syntax: SyntaxNode, parent: CodeNode, context: Context): CodeNode {
  const node = plain('loop')(syntax, parent, context)
  for (const child of childrenOf(syntax)) {
    if (child.name === 'ForSpec') {
      node.head = context.span(child)
      context.walk(child, node)
    } else if (child.name === 'ParenthesizedExpression') context.walk(child, node)
    else if (!/^(?:for|foreach|while|do|endfor|endforeach|endwhile|;)$/.test(child.name))
      node.body = bodyOf(child, node, context)
  }
  return node
}

function addCall(syntax: SyntaxNode, parent: CodeNode, context: Context): CodeNode {
  const node = plain('call')(syntax, parent, context)
  const list = childrenOf(syntax).find((child) => child.name === 'ArgList')
  const callee = context.slice({ from: syntax.from, to: list?.from ?? syntax.to })
  node.callee = calleeText(callee)
  node.name = /(\w+)\s*$/.exec(node.callee)?.[1] ?? ''
  for (const child of childrenOf(syntax)) if (child.name !== 'ArgList') context.walk(child, node)
  for (const argument of list ? childrenOf(list) : []) {
    if (PUNCTUATION.test(argument.name)) continue
    const before = node.children.length
    const { from, to } = context.span(argument)
    const wrapper = makeNode('other', from, to, node)
    context.walk(argument, wrapper)
    const only = wrapper.children.length === 1 ? wrapper.children[0] : undefined
    node.args.push(only && only.from === from && only.to === to ? only : wrapper)
    if (node.children.length === before) node.children.push(wrapper)
  }
  return node
}

/** Drops the arguments of earlier calls in a chain, and blanks. */
export function calleeText(callee: string): string {
  let depth = 0
  let text = ''
  for (const character of callee) {
    if (character === '(' || character === '[' || character === '{') depth++
    if (depth === 0 && !/\s/.test(character)) text += character
    if (character === ')' || character === ']' || character === '}') depth--
  }
  return text.replace(/^new(?=[A-Z\\])/, 'new ')
}

function addAssign(syntax: SyntaxNode, parent: CodeNode, context: Context): CodeNode {
  const node = plain('assign')(syntax, parent, context)
  const children = childrenOf(syntax)
  const target = children[0]
  const value = children.at(-1)
  if (target) node.name = context.slice(target).trim()
  if (value && value !== target) node.value = context.span(value)
  for (const child of children) context.walk(child, node)
  return node
}

function addPair(syntax: SyntaxNode, parent: CodeNode, context: Context): CodeNode {
  const node = plain('pair')(syntax, parent, context)
  const children = childrenOf(syntax).filter((child) => !PUNCTUATION.test(child.name))
  const key = children[0]
  const value = children.at(-1)
  if (key) node.name = context.slice(key).replaceAll(/^['"]|['"]$/g, '')
  if (value && value !== key) {
    node.value = context.span(value)
    context.walk(value, node)
  }
  return node
}

const HANDLERS: Readonly<Record<string, Handler>> = {
  FunctionDefinition: addFunction,
  MethodDeclaration: addFunction,
  FunctionExpression: addFunction,
  ArrowFunction: addFunction,
  ClassDeclaration: addClass,
  TraitDeclaration: addClass,
  InterfaceDeclaration: addClass,
  EnumDeclaration: addClass,
  Block: walked('block'),
  IfStatement: addIf,
  SwitchStatement: addSwitch,
  MatchExpression: addSwitch,
  CaseStatement: addCase,
  DefaultStatement: addCase,
  MatchArm: addCase,
  TryStatement: addTry,
  ForStatement: addLoop,
  ForeachStatement: addLoop,
  WhileStatement: addLoop,
  DoStatement: addLoop,
  CallExpression: addCall,
  NewExpression: addCall,
  AssignmentExpression: addAssign,
  UpdateExpression: addAssign,
  Pair: addPair,
  NamedArgument: addPair,
  ReturnStatement: walked('return'),
  ThrowExpression: walked('throw'),
  ThrowStatement: walked('throw'),
  String: walked('string'),
  Heredoc: plain('string'),
  ExpressionStatement: walked('statement'),
  EchoStatement: walked('statement'),
  PropertyDeclaration: walked('statement'),
  UnsetStatement: walked('statement'),
  BreakStatement: plain('statement'),
  ContinueStatement: plain('statement'),
  LineComment: plain('comment'),
  BlockComment: plain('comment'),
}

export const phpAdapter: Adapter = {
  adapt: (syntax, parent, context) => HANDLERS[syntax.name]?.(syntax, parent, context) ?? null,
}
