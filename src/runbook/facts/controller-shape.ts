import { contains, functionOf, textOf, type CodeNode, type Tree } from '../code/node.ts'
import { isUuidCall } from './calls.ts'
import type { CodeFact, Facts } from './facts.ts'
import { loopAround, type Loop } from './loops.ts'
import { isModeSwitch, modesOfCondition } from './mode-context.ts'

type Fact = CodeFact & { readonly tree: Tree }

export interface MapUse {
  readonly name: string
  /** `$ids = [];`, where it stands. */
  readonly declaration: CodeNode | null
  /** The assignment that fills it. */
  readonly fill: CodeNode
  readonly loop: Loop | null
}

/** What the canonical step's code has of what it needs. */
export interface ControllerShape {
  readonly fact: Fact
  /** The switch or match over the modes. */
  readonly choice: CodeNode | null
  /** The if-chain over the modes. */
  readonly chain: CodeNode | null
  readonly uuids: MapUse | null
  readonly recipients: MapUse | null
  /** The loop that sends. */
  readonly sendLoop: Loop | null
}

export function shapeOf(facts: Facts, codes: readonly CodeFact[]): ControllerShape | null {
  const shapes = codes.filter((fact): fact is Fact => fact.tree !== null).map((fact) => describe(facts, fact))
  return (
    shapes.find(({ choice }) => choice) ??
    shapes.find(({ chain }) => chain) ??
    shapes.find(({ sendLoop }) => sendLoop) ??
    null
  )
}

function describe(facts: Facts, fact: Fact): ControllerShape {
  const { tree } = fact
  const choice = tree.nodes.find((node) => isModeSwitch(node)) ?? null
  const chain = choice ? null : (tree.nodes.find((node) => isModeChain(tree, node)) ?? null)
  const decision = choice ?? chain
  const sender = decision ?? tree.nodes.find((node) => facts.roles.roleOf(tree, node) !== null)
  const sendLoop = sender ? outerLoop(tree, sender) : null
  const uuids = uuidMap(tree, sender ?? null)
  return { fact, choice, chain, uuids, recipients: recipientMap(tree, uuids, sender ?? null), sendLoop }
}

function outerLoop(tree: Tree, node: CodeNode): Loop | null {
  return loopAround(tree, node)
}

function isModeChain(tree: Tree, node: CodeNode): boolean {
  if (node.kind !== 'if' || node.parent?.kind === 'if') return false
  const tested = node.arms.filter(
    ({ condition }) => condition && modesOfCondition(textOf(tree, condition)) !== null,
  )
  return tested.length >= 2 || (tested.length >= 1 && node.arms.length >= 3)
}

/** `$x[$k] = Str::uuid()`, or `$x = collect(...)->map(fn () => Str::uuid())`, before anything is sent. */
function uuidMap(tree: Tree, sender: CodeNode | null): MapUse | null {
  const calls = tree.nodes.filter(
    (node) => isUuidCall(node) && (!sender || node.to <= sender.from || !contains(sender, node)),
  )
  for (const call of calls) {
    const assign = assignmentAbove(call)
    if (!assign) continue
    const indexed = /^(\$\w+)\s*\[/.exec(assign.name)?.[1]
    if (indexed) return mapUse(tree, indexed, assign)
    const isCollection =
      /^\$\w+$/.test(assign.name) &&
      /\b(?:map|array_map|mapWithKeys|array_fill_keys|array_combine)\b|\[\s*\(?/.test(
        tree.text.slice(assign.value?.from ?? 0, call.from),
      )
    if (isCollection) return { name: assign.name, declaration: null, fill: assign, loop: null }
  }
  return null
}

function assignmentAbove(call: CodeNode): CodeNode | null {
  let found: CodeNode | null = null
  for (let at = call.parent; at && at.kind !== 'class'; at = at.parent) {
    if (at.kind === 'assign') {
      found = at
      if (/\[/.test(at.name)) return at
    }
    if (at.kind === 'function' && !at.isExpression) break
  }
  return found
}

function mapUse(tree: Tree, name: string, fill: CodeNode): MapUse {
  const declaration =
    tree.nodes.find(
      (node) =>
        node.kind === 'assign' &&
        node.name === name &&
        node.to <= fill.from &&
        /=\s*(?:\[\s*\]|array\(\s*\)|collect\(\s*\))\s*$/.test(textOf(tree, node)),
    ) ?? null
  return { name, declaration, fill, loop: loopAround(tree, fill) }
}

const RECIPIENT = /recip|phone|number|msisdn|\bto\b|dest|target|addres|handset|receiver|tos\b|empf/i

function recipientMap(tree: Tree, uuids: MapUse | null, sender: CodeNode | null): MapUse | null {
  const candidates = tree.nodes.filter(
    (node) =>
      node.kind === 'assign' &&
      /^\$\w+\s*\[/.test(node.name) &&
      (!sender || node.to <= sender.from) &&
      !/uuid/i.test(node.name) &&
      node !== uuids?.fill,
  )
  const named = candidates.find((node) =>
    RECIPIENT.test(node.name.replace(/\[.*$/s, '').replaceAll(/([a-z])([A-Z])/g, '$1 $2')),
  )
  const name = named && /^\$\w+/.exec(named.name)?.[0]
  if (named && name) return mapUse(tree, name, named)
  const whole = tree.nodes.find(
    (node) =>
      node.kind === 'assign' &&
      /^\$recipientMap$/.test(node.name) &&
      !/=\s*\[\s*\]$/.test(textOf(tree, node)),
  )
  return whole ? { name: whole.name, declaration: null, fill: whole, loop: null } : null
}

export function ownerOf(shape: ControllerShape): CodeNode {
  const inner = shape.choice ?? shape.chain ?? shape.sendLoop?.node
  return (inner && functionOf(inner)) ?? shape.fact.tree.root
}
