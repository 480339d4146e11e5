export type NodeKind =
  | 'root'
  | 'class'
  | 'function'
  | 'block'
  | 'statement'
  | 'loop'
  | 'if'
  | 'switch'
  | 'case'
  | 'try'
  | 'catch'
  | 'call'
  | 'assign'
  | 'return'
  | 'throw'
  | 'pair'
  | 'string'
  | 'comment'
  | 'other'

export interface Span {
  readonly from: number
  readonly to: number
}

export interface Arm {
  /** Null for `else`. */
  readonly condition: Span | null
  readonly body: CodeNode
}

/**
 * PHP and Go brought to one shape, with only what the rules ask about. Which fields are set depends on the
 * kind; offsets are those of the block's text.
 */
export interface CodeNode {
  readonly kind: NodeKind
  readonly from: number
  readonly to: number
  readonly parent: CodeNode | null
  readonly children: CodeNode[]
  /** call: the last name of the callee; function, class: its name; assign: the target; pair: the key, unquoted. */
  name: string
  /** call: the whole callee without arguments of earlier calls, e.g. `Http::timeout->post`; catch: the types. */
  callee: string
  /** call: the arguments; named ones are pairs. */
  args: CodeNode[]
  /** if, switch: what is tested; loop: what is evaluated once. */
  head: Span | null
  arms: Arm[]
  /** case: what it matches, as written; empty for `default`. */
  labels: string[]
  /** loop, function, case, try, catch: the part that runs (again). */
  body: CodeNode | null
  /** assign, pair: the value. */
  value: Span | null
  /** switch: a `match` expression; function: a closure. */
  isExpression: boolean
}

export interface Tree {
  readonly text: string
  readonly root: CodeNode
  /** Every node in the order of the text. */
  readonly nodes: readonly CodeNode[]
}

export function makeNode(kind: NodeKind, from: number, to: number, parent: CodeNode | null): CodeNode {
  const node: CodeNode = {
    kind,
    from,
    to,
    parent,
    children: [],
    name: '',
    callee: '',
    args: [],
    head: null,
    arms: [],
    labels: [],
    body: null,
    value: null,
    isExpression: false,
  }
  parent?.children.push(node)
  return node
}

export function* ancestors(node: CodeNode): Generator<CodeNode> {
  for (let at = node.parent; at; at = at.parent) yield at
}

export function contains(outer: Span, inner: Span): boolean {
  return outer.from <= inner.from && inner.to <= outer.to
}

/** The statement a node belongs to: the outermost node below the nearest block, case or root. */
export function statementOf(node: CodeNode): CodeNode {
  let at = node
  while (at.parent && !isSequence(at.parent)) at = at.parent
  return at
}

export function isSequence(node: CodeNode): boolean {
  return node.kind === 'root' || node.kind === 'block' || node.kind === 'case' || node.kind === 'class'
}

export function enclosing(node: CodeNode, kind: NodeKind): CodeNode | null {
  for (const at of ancestors(node)) if (at.kind === kind) return at
  return null
}

/** The named function a node stands in; closures are passed through. */
export function functionOf(node: CodeNode): CodeNode | null {
  for (const at of ancestors(node)) if (at.kind === 'function' && !at.isExpression) return at
  return null
}

export function textOf(tree: { text: string }, span: Span): string {
  return tree.text.slice(span.from, span.to)
}

export function within(tree: Tree, span: Span, kind: NodeKind): CodeNode[] {
  return tree.nodes.filter((node) => node.kind === kind && contains(span, node))
}
