import { ancestors, isSequence, textOf, type CodeNode, type Tree } from '../code/node.ts'
import { ALL_MODES, modeOfLiteral, MODES, type Mode, type ModeSet } from './modes.ts'

const LITERAL = String.raw`(?:["'][\w-]+["']|[\w\\]+::\w+(?:->value)?|\w+\.\w+|\b(?:[Mm]ode|MODE)_?\w+\b)`

/** The modes in which a condition holds; null when it does not ask for the mode. */
export function modesOfCondition(condition: string): ModeSet | null {
  const parts = condition.split(/\|\||\bor\b/)
  if (parts.length > 1) {
    const sets = parts.map((part) => modesOfConjunction(part))
    if (sets.every((set) => set === null)) return null
    return union(sets.map((set) => set ?? ALL_MODES))
  }
  return modesOfConjunction(condition)
}

function modesOfConjunction(condition: string): ModeSet | null {
  let result: ModeSet | null = null
  for (const part of condition.split(/&&|\band\b/)) {
    const set = modesOfTest(part)
    if (set) result = result ? intersect(result, set) : set
  }
  return result
}

function modesOfTest(test: string): ModeSet | null {
  return modesOfList(test) ?? modesOfQuestion(test) ?? modesOfComparison(test)
}

/** `in_array($mode, ['SHADOW', 'ON'])` */
function modesOfList(test: string): ModeSet | null {
  const list = /(!?)\s*in_array\s*\([^,]+,\s*\[([^\]]*)\]/.exec(test)
  const modes = (list?.[2] ?? '').split(',').map((literal) => modeOfLiteral(literal))
  const named = new Set(modes.filter((mode) => mode !== null))
  if (!list || named.size === 0) return null
  return list[1] ? complement(named) : named
}

/** `$mode->isShadow()`, `$mode->is('ON')` */
function modesOfQuestion(test: string): ModeSet | null {
  const call = /(!?)\s*[$\w>():.'-]*?(?:\bis|\bin|\bequals)_?(Off|Shadow|On|Live)?\s*\(\s*([^()]*)\)/.exec(
    test,
  )
  const mode = call && modeOfLiteral(call[2] ?? call[3] ?? '')
  if (!call || !mode) return null
  return call[1] ? complement(new Set([mode])) : new Set([mode])
}

/** `$mode === Mode::Off`, either way round */
function modesOfComparison(test: string): ModeSet | null {
  const pattern = new RegExp(String.raw`(===?|!==?|<>)\s*(${LITERAL})|(${LITERAL})\s*(===?|!==?|<>)`)
  const compared = pattern.exec(test)
  const mode = compared && modeOfLiteral(compared[2] ?? compared[3] ?? '')
  if (!compared || !mode) return null
  const operator = compared[1] ?? compared[4] ?? ''
  return /^[!<]/.test(operator) ? complement(new Set([mode])) : new Set([mode])
}

function complement(set: ModeSet): ModeSet {
  return new Set(MODES.filter((mode) => !set.has(mode)))
}

function intersect(a: ModeSet, b: ModeSet): ModeSet {
  return new Set([...a].filter((mode) => b.has(mode)))
}

function union(sets: readonly ModeSet[]): ModeSet {
  return new Set(sets.flatMap((set) => [...set]))
}

/** Whether a switch or match decides by the mode. */
export function isModeSwitch(node: CodeNode): boolean {
  return (
    node.kind === 'switch' &&
    node.children.filter((arm) => arm.kind === 'case' && labelModes(arm).size > 0).length >= 2
  )
}

export function labelModes(arm: CodeNode): Set<Mode> {
  const modes = arm.labels.map((label) => modeOfLiteral(label)).filter((mode) => mode !== null)
  if (modes.length > 0) return new Set(modes)
  return new Set(arm.labels.flatMap((label) => [...(modesOfCondition(label) ?? [])]))
}

/** The modes that no arm names. */
export function unnamedModesOf(choice: CodeNode): Mode[] {
  const named = new Set(
    choice.children.filter((child) => child.kind === 'case').flatMap((arm) => [...labelModes(arm)]),
  )
  return MODES.filter((mode) => !named.has(mode))
}

/** The modes in which an arm's statements run, falling through from arms above included. */
export function modesOfArm(tree: Tree, arm: CodeNode): ModeSet {
  const choice = arm.parent
  if (!choice) return ALL_MODES
  const arms = choice.children.filter((child) => child.kind === 'case')
  const labelled = new Set(arms.flatMap((other) => [...labelModes(other)]))
  const isGo = tree.text.includes(':=')
  const modes = new Set<Mode>()
  for (const other of arms) {
    const own = other.labels.length === 0 ? complement(labelled) : labelModes(other)
    for (const mode of own) modes.add(mode)
    if (other === arm) return modes
    if (choice.isExpression || isGo || endsFlow(tree, other)) modes.clear()
  }
  return modes
}

const LEAVES = /^(?:break|return|continue|throw|exit|die|abort|panic)\b/

/** Whether control never runs past the end of a body. */
export function endsFlow(tree: Tree, body: CodeNode): boolean {
  const last = body.children.findLast(
    (child) =>
      child.kind !== 'comment' && child.to > child.from && !body.labels.includes(textOf(tree, child)),
  )
  if (last?.kind === 'block') return endsFlow(tree, last)
  return (
    last !== undefined &&
    (last.kind === 'return' || last.kind === 'throw' || LEAVES.test(textOf(tree, last).trim()))
  )
}

export interface ModeContext {
  readonly modes: ModeSet
  /** Whether a test of the mode stands around the place at all. */
  readonly isExplicit: boolean
  /** The innermost arm of a mode switch around it. */
  readonly arm: CodeNode | null
}

/** In which modes the code at a node runs. */
export function modeContext(tree: Tree, node: CodeNode): ModeContext {
  let modes = ALL_MODES
  let isExplicit = false
  let arm: CodeNode | null = null
  const narrow = (set: ModeSet): void => {
    modes = intersect(modes, set)
    isExplicit = true
  }
  let below = node
  for (const at of ancestors(node)) {
    if (at.kind === 'case' && at.parent && isModeSwitch(at.parent)) {
      narrow(modesOfArm(tree, at))
      arm ??= at
    }
    if (at.kind === 'if') narrowByArms(tree, at, below, narrow)
    if (isSequence(at)) narrowByEarlyExits(tree, at, below, narrow)
    if (at.kind === 'function' && !at.isExpression) {
      const called = isExplicit ? null : modesOfCallers(tree, at)
      if (called) narrow(called)
      break
    }
    below = at
  }
  return { modes, isExplicit, arm }
}

/** A method that one mode alone calls runs in that mode; null where the callers are of several modes or none. */
function modesOfCallers(tree: Tree, method: CodeNode): ModeSet | null {
  if (method.name === '') return null
  const callers = tree.nodes.filter(
    (node) =>
      node.kind === 'call' &&
      node.name === method.name &&
      /^(?:\$this->|self::|static::)\w+$/.test(node.callee) &&
      !(node.from >= method.from && node.to <= method.to),
  )
  const contexts = callers.map((call) => armContext(tree, call))
  const modes = new Set(contexts.flatMap((context) => (context ? [...context] : MODES)))
  return contexts.length > 0 && modes.size === 1 ? modes : null
}

/** The modes of the arm a call stands in, looking no further than its own function. */
function armContext(tree: Tree, call: CodeNode): ModeSet | null {
  for (const at of ancestors(call)) {
    if (at.kind === 'case' && at.parent && isModeSwitch(at.parent)) return modesOfArm(tree, at)
    if (at.kind === 'if') {
      const arm = at.arms.find(({ body }) => body.from <= call.from && call.to <= body.to)
      const set = arm?.condition ? modesOfCondition(textOf(tree, arm.condition)) : null
      if (set) return set
    }
    if (at.kind === 'function' && !at.isExpression) return null
  }
  return null
}

function narrowByArms(tree: Tree, choice: CodeNode, below: CodeNode, narrow: (set: ModeSet) => void): void {
  for (const { condition, body } of choice.arms) {
    const set = condition ? modesOfCondition(textOf(tree, condition)) : null
    if (body.from <= below.from && below.to <= body.to) {
      if (set) narrow(set)
      return
    }
    if (set && condition && !/&&|\|\|/.test(textOf(tree, condition))) narrow(complement(set))
  }
}

/** `if ($mode === 'OFF') { ...; return; }` leaves the other modes for what follows. */
function narrowByEarlyExits(
  tree: Tree,
  sequence: CodeNode,
  below: CodeNode,
  narrow: (set: ModeSet) => void,
): void {
  for (const sibling of sequence.children) {
    if (sibling.from >= below.from) return
    const only = sibling.kind === 'if' && sibling.arms.length === 1 ? sibling.arms[0] : undefined
    if (!only?.condition || !endsFlow(tree, only.body)) continue
    const condition = textOf(tree, only.condition)
    const set = /&&|\|\|/.test(condition) ? null : modesOfCondition(condition)
    if (set) narrow(complement(set))
  }
}
