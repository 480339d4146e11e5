import { statementOf, textOf, type CodeNode, type Tree } from '../code/node.ts'
import type { Step } from '../facts/canonical.ts'
import type { CodeFact, Facts } from '../facts/facts.ts'
import { labelModes, modesOfCondition } from '../facts/mode-context.ts'
import { quotaNodes, statusExpression } from '../facts/quota.ts'
import type { Edit } from '../finding.ts'
import { indentAt, indentStep, insertAfter, insertBefore } from './edits.ts'

type Fact = CodeFact & { readonly tree: Tree }

function hasTree(fact: CodeFact): fact is Fact {
  return fact.tree !== null
}

/** Edits that bring a decrement, which only the deleted step has, into ON of the step that stays. */
export function mergeQuota(facts: Facts, from: Step, into: Step): Edit[] | null {
  const given = from.codes
    .filter(hasTree)
    .flatMap((fact) => quotaNodes(fact.tree).map((node) => ({ fact, node })))
  const source = given[0]
  if (!source) return []
  if (into.codes.filter(hasTree).some(({ tree }) => quotaNodes(tree).length > 0)) return []
  return insertDecrement(facts, into, textOf(source.fact.tree, statementOf(source.node)))
}

/** Puts a decrement, guarded by the status, at the end of the ON branch; null where that has no status to ask. */
export function insertDecrement(facts: Facts, step: Step, statement: string): Edit[] | null {
  for (const fact of step.codes.filter(hasTree)) {
    const arm = onBranch(fact.tree)
    const status = arm && statusOf(facts, fact, arm)
    if (!arm || !status) continue
    return [insertInto(facts, fact, arm, statement, status)]
  }
  return null
}

function statusOf(facts: Facts, fact: Fact, arm: CodeNode): string | null {
  const own = statusExpression(textOf(fact.tree, arm))
  if (own) return own
  const go = fact.tree.nodes.find(
    (node) => node.from >= arm.from && node.to <= arm.to && facts.roles.roleOf(fact.tree, node) === 'go',
  )
  const variable = go && /(\$\w+)\s*=\s*$/.exec(fact.tree.text.slice(0, go.from))?.[1]
  return variable ? `${variable}->status` : null
}

/** The statements that run in ON: a case, or an arm of an if-chain. */
export function onBranch(tree: Tree): CodeNode | null {
  for (const node of tree.nodes) {
    if (node.kind === 'case' && labelModes(node).has('ON') && !node.parent?.isExpression) return node
    if (node.kind !== 'if' || node.arms.length < 2) continue
    const tested = node.arms.filter(
      ({ condition }) => condition && modesOfCondition(textOf(tree, condition)) !== null,
    )
    if (tested.length < node.arms.length - 1) continue
    const on = node.arms.find(({ condition }) =>
      condition
        ? modesOfCondition(textOf(tree, condition))?.has('ON') &&
          modesOfCondition(textOf(tree, condition))?.size === 1
        : tested.length >= 2,
    )
    if (on) return on.body
  }
  return null
}

function insertInto(
  facts: Facts,
  { code, tree }: Fact,
  arm: CodeNode,
  statement: string,
  status: string,
): Edit {
  const { source } = facts.document
  const inner = arm.children.filter(
    (child) => child.kind !== 'comment' && child.to > child.from && !arm.labels.includes(textOf(tree, child)),
  )
  const last = inner.at(-1)
  const isBreak = last !== undefined && /^break\b/.test(textOf(tree, last))
  const anchor = isBreak ? last : last
  const indent = anchor ? indentAt(code, anchor.from) : indentAt(code, arm.from) + indentStep(code)
  const body = statement.trim().replace(/;?$/, ';')
  const lines = [
    `${indent}if (in_array(${status}, ['accepted', 'duplicate'], true)) {`,
    `${indent}${indentStep(code)}${body}`,
    `${indent}}`,
  ]
  if (isBreak && last) return insertBefore(source, code, last.from, lines)
  return insertAfter(source, code, (last ?? arm).to - 1, lines)
}
