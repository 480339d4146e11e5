import { functionOf, statementOf, textOf, within, type CodeNode } from '../code/node.ts'
import { canonicalStep, controllerSteps } from '../facts/canonical.ts'
import type { Facts } from '../facts/facts.ts'
import { isFailureBranch } from '../facts/failure.ts'
import { modeContext, isModeSwitch, type ModeContext } from '../facts/mode-context.ts'
import { quotaNodes, statusExpression, statusTest, type StatusTest } from '../facts/quota.ts'
import type { Edit, Problem, Rule } from '../finding.ts'
import { indentAt, indentStep, manual, replaceCode, safe, together } from '../fixes/edits.ts'
import { insertDecrement } from '../fixes/merge-quota.ts'
import { quotaInProse } from './quota-prose.ts'
import { wrongMembers } from './rule-lists.ts'
import { callsOf, deleteNode, docSpan, treesOf, wholeStatement, type TreeFact } from './scan.ts'

const RULE = "Decrement only when the mode is ON and the status is 'accepted' or 'duplicate'."

function inCode(facts: Facts): Problem[] {
  return treesOf(facts, 'php').flatMap((fact) =>
    quotaNodes(fact.tree).flatMap((node) => problemOf(facts, fact, node)),
  )
}

function problemOf(facts: Facts, fact: TreeFact, node: CodeNode): Problem[] {
  const { tree, code } = fact
  const context = modeContext(tree, node)
  const test = statusTest(tree, node)
  const isFree = !context.isExplicit
  const isOn = context.isExplicit && [...context.modes].every((mode) => mode === 'ON')
  if ((isOn || isFree) && isFailureBranch(facts, tree, node)) {
    const fix = safe(
      deleteNode(facts, code, wholeStatement(tree, node)),
      'Delete it; a fallback is not charged.',
    )
    return [make(fact, node, 'after a legacy fallback', fix)]
  }
  if (test.isRight && isOn) return []
  if (test.isRight && isFree) {
    return knowsMode(facts, fact, node)
      ? [make(fact, node, 'without a test of the mode', addMode(facts, fact, test))]
      : []
  }
  if (isFree && isHelper(fact, functionOf(node))) return []
  if (!isFree && !context.modes.has('ON'))
    return [make(fact, node, `in ${[...context.modes].join(' and ')}`, outOfMode(facts, fact, node))]
  return [make(fact, node, 'under the wrong condition', correct(facts, fact, node, context, test))]
}

/** In OFF and SHADOW it goes; the only one of a runbook moves to where it belongs. */
function outOfMode(facts: Facts, fact: TreeFact, node: CodeNode): Problem['fix'] {
  const { tree, code } = fact
  const others = quotaNodes(tree).filter(
    (other) => other !== node && modeContext(tree, other).modes.has('ON'),
  )
  const moved = others.length === 0 ? move(facts, fact, node) : null
  if (moved?.safety === 'safe') return moved
  return safe(deleteNode(facts, code, wholeStatement(tree, node)), `Delete it. ${RULE}`)
}

function make({ code, tree }: TreeFact, node: CodeNode, where: string, fix: Problem['fix']): Problem {
  const choice = statusTest(tree, node).choice
  const isOnly =
    choice &&
    choice.arms.length === 1 &&
    choice.arms[0]?.body.children.filter((child) => child.kind !== 'comment').length === 1
  return {
    ...docSpan(code, isOnly ? choice : statementOf(node)),
    message: `The quota is decremented ${where}. ${RULE}`,
    fix,
  }
}

/** A method of its own that only takes the quota: the place that calls it decides. */
function isHelper({ tree }: TreeFact, owner: CodeNode | null): boolean {
  if (!owner) return false
  const sends = within(tree, owner, 'switch').some((choice) => isModeSwitch(choice))
  return (
    !sends &&
    (/quota|credit|charge|debit|consume|deduct|settle|bill/i.test(owner.name) ||
      textOf(tree, owner).length < 260)
  )
}

/** Whether the place could ask for the mode: a fragment for the controller, or the function with the switch. */
function knowsMode(facts: Facts, { tree }: TreeFact, node: CodeNode): boolean {
  const owner = functionOf(node)
  if (owner) return within(tree, owner, 'switch').some((choice) => isModeSwitch(choice))
  return callsOf(facts, 'go').some(({ context }) => context.isExplicit)
}

function addMode(facts: Facts, { code }: TreeFact, test: StatusTest): Problem['fix'] {
  if (!test.condition) return manual(RULE)
  const inner = code.text.slice(test.condition.from + 1, test.condition.to - 1)
  return safe(
    replaceCode(
      facts.document.source,
      code,
      test.condition.from + 1,
      test.condition.to - 1,
      `$mode === 'ON' && ${inner}`,
    ),
    RULE,
  )
}

function correct(
  facts: Facts,
  fact: TreeFact,
  node: CodeNode,
  context: ModeContext,
  test: StatusTest,
): Problem['fix'] {
  const { code } = fact
  const { source } = facts.document
  const isOn = context.isExplicit && context.modes.size === 1 && context.modes.has('ON')
  const prefix = isOn ? '' : `$mode === 'ON' && `
  const expression =
    test.condition && test.choice ? statusIn(fact, test.condition, isOn ? context.arm : null) : null
  if (test.condition && expression) {
    const condition = `(${prefix}in_array(${expression}, ['accepted', 'duplicate'], true))`
    return safe(replaceCode(source, code, test.condition.from, test.condition.to, condition), RULE)
  }
  if (isOn && context.arm) return wrap(facts, fact, node, context.arm)
  if (!context.isExplicit || context.modes.size > 1) return move(facts, fact, node)
  return manual(RULE)
}

/** The status that a condition, or else its branch, asks. */
function statusIn(
  { tree }: TreeFact,
  condition: { from: number; to: number },
  arm: CodeNode | null,
): string | null {
  const text = textOf(tree, condition)
  const own = statusExpression(text) ?? (arm ? statusExpression(textOf(tree, arm)) : null)
  if (own) return own
  const asked = /^\(\s*(\$\w+)->(?:isAccepted|accepted|wasAccepted|ok|successful|succeeded)\(\)\s*\)$/.exec(
    text,
  )?.[1]
  return asked ? `${asked}->status` : null
}

/** Puts the decrement of the ON branch under a test of the status. */
function wrap(facts: Facts, { code, tree }: TreeFact, node: CodeNode, arm: CodeNode): Problem['fix'] {
  const statement = statementOf(node)
  const status = statusExpression(textOf(tree, arm)) ?? resultOf(facts, tree, arm)
  if (!status) return manual(RULE)
  const indent = indentAt(code, statement.from)
  const step = indentStep(code)
  const body = textOf(tree, statement).replace(/;?$/, ';')
  const text = `if (in_array(${status}, ['accepted', 'duplicate'], true)) {\n${indent}${step}${body}\n${indent}}`
  const end = statement.to + (/^\s*;/.exec(code.text.slice(statement.to))?.[0].length ?? 0)
  return safe(replaceCode(facts.document.source, code, statement.from, end, text), RULE)
}

function resultOf(facts: Facts, tree: TreeFact['tree'], arm: CodeNode): string | null {
  const go = tree.nodes.find(
    (node) => node.from >= arm.from && node.to <= arm.to && facts.roles.roleOf(tree, node) === 'go',
  )
  const variable = go && /(\$\w+)\s*=\s*$/.exec(tree.text.slice(0, go.from))?.[1]
  return variable ? `${variable}->status` : null
}

/** A decrement for all modes moves into ON; where ON has one already it only goes. */
function move(facts: Facts, fact: TreeFact, node: CodeNode): Problem['fix'] {
  const { tree, code } = fact
  const statement = wholeStatement(tree, node)
  const removal = deleteNode(facts, code, statement)
  const others = quotaNodes(tree).filter(
    (other) => other !== node && modeContext(tree, other).modes.has('ON') && statusTest(tree, other).isRight,
  )
  if (others.length > 0) return safe(removal, `Delete it. ${RULE}`)
  const canonical = canonicalStep(controllerSteps(facts))
  if (!canonical?.codes.some((own) => own.code === code)) return manual(RULE)
  const single = textOf(tree, statementOf(node))
    .replace(/,\s*(?:count\([^()]*\)|sizeof\([^()]*\))\s*\)/, ')')
    .replace(/\(\s*count\([^()]*\)\s*\)/, '(1)')
  const added: Edit[] | null = insertDecrement(facts, canonical, single)
  return safe(together(removal, added), `Move it into ON. ${RULE}`)
}

export const quotaWrongCondition: Rule = {
  id: 'quota-wrong-condition',
  title: 'The quota is decremented under the wrong condition',
  invariant: 4,
  demands:
    "The quota is decremented only when mode == ON and the status is 'accepted' or 'duplicate'; never in SHADOW.",
  breaks: [
    'a decrement after the switch, for all modes',
    "in_array($status, ['accepted', 'queued'])",
    'a table that says "counted" in the row of SHADOW',
    'a decrement after the fallback',
  ],
  looksOnlySo: [
    "inside case 'ON' an if on accepted and duplicate is enough",
    '"The quota MUST NOT be decremented in SHADOW."',
    'a method that only takes the quota and is called under the right condition',
  ],
  fixedBy:
    'In OFF, SHADOW and after a fallback it is deleted; in ON its condition is corrected; one for all modes moves into ON.',
  check: (facts) => [
    ...inCode(facts),
    ...quotaInProse(facts),
    ...wrongMembers(facts, 'quota', `The quota is decremented under the wrong condition. ${RULE}`),
  ],
}
