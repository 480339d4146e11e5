import type { SyntaxNode, Tree as LezerTree } from '@lezer/common'
import { makeNode, type CodeNode, type Tree } from './node.ts'

export interface Adapter {
  /** Makes the node for a syntax node, or returns null to look only at what is inside it. */
  readonly adapt: (syntax: SyntaxNode, parent: CodeNode, context: Context) => CodeNode | null
}

export interface Context {
  readonly text: string
  readonly shift: number
  /** Walks into a part below the given node. */
  readonly walk: (syntax: SyntaxNode, parent: CodeNode) => void
  readonly slice: (syntax: { from: number; to: number }) => string
  readonly span: (syntax: { from: number; to: number }) => { from: number; to: number }
}

const DEPTH_MAX = 250

/** Brings a syntax tree to the common shape. `shift` is the length of what was put before the text to parse it. */
export function adaptTree(lezer: LezerTree, text: string, shift: number, adapter: Adapter): Tree {
  const root = makeNode('root', 0, text.length, null)
  const clamp = (offset: number): number => Math.min(text.length, Math.max(0, offset - shift))
  let depth = 0
  const context: Context = {
    text,
    shift,
    slice: ({ from, to }) => text.slice(clamp(from), clamp(to)),
    span: ({ from, to }) => ({ from: clamp(from), to: clamp(to) }),
    walk: (syntax, parent) => {
      if (depth >= DEPTH_MAX) return
      depth++
      const node = adapter.adapt(syntax, parent, context)
      if (node === null) for (const child of childrenOf(syntax)) context.walk(child, parent)
      depth--
    },
  }
  for (const child of childrenOf(lezer.topNode)) context.walk(child, root)
  return { text, root, nodes: inOrder(root) }
}

export function childrenOf(syntax: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = []
  for (let child = syntax.firstChild; child; child = child.nextSibling) children.push(child)
  return children
}

function inOrder(root: CodeNode): CodeNode[] {
  const nodes: CodeNode[] = []
  const stack = [root]
  for (let node = stack.pop(); node; node = stack.pop()) {
    nodes.push(node)
    for (let index = node.children.length - 1; index >= 0; index--) {
      const child = node.children[index]
      if (child) stack.push(child)
    }
  }
  return nodes
}

export function errorCount(lezer: LezerTree): number {
  let errors = 0
  lezer.iterate({
    enter: (node) => {
      if (node.type.isError) errors++
    },
  })
  return errors
}
