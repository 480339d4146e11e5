import { isSequence, statementOf, textOf, within, type CodeNode, type Tree } from '../code/node.ts'
import { mentions } from '../facts/entities.ts'
import type { CodeFact, Facts } from '../facts/facts.ts'
import { modeContext, type ModeContext } from '../facts/mode-context.ts'
import { perFacts } from '../facts/per-facts.ts'
import type { Edit } from '../finding.ts'
import { deleteCode } from '../fixes/edits.ts'
import type { Code } from '../markdown/code-block.ts'
import { toDoc, toDocEnd } from '../markdown/code-block.ts'
import type { Sentence } from '../prose/prose.ts'

export interface TreeFact extends CodeFact {
  readonly tree: Tree
}

/** The blocks of a language that instruct, with their trees. */
export function treesOf(facts: Facts, language: 'php' | 'go'): readonly TreeFact[] {
  return treesByLanguage(facts)[language]
}

const treesByLanguage = perFacts((facts: Facts): Readonly<Record<'php' | 'go', TreeFact[]>> => {
  const live = facts.codes.filter((fact): fact is TreeFact => fact.tree !== null && fact.instructs)
  return {
    php: live.filter(({ code }) => code.language === 'php'),
    go: live.filter(({ code }) => code.language === 'go'),
  }
})

export interface RoleCall {
  readonly fact: TreeFact
  readonly call: CodeNode
  readonly context: ModeContext
}

/** The calls of the Laravel code to one of the two senders, each with the modes it runs in. */
export function callsOf(facts: Facts, role: 'go' | 'legacy'): readonly RoleCall[] {
  return callsByRole(facts)[role]
}

const callsByRole = perFacts((facts: Facts) => ({
  go: findCalls(facts, 'go'),
  legacy: findCalls(facts, 'legacy'),
}))

function findCalls(facts: Facts, role: 'go' | 'legacy'): RoleCall[] {
  return treesOf(facts, 'php').flatMap((fact) =>
    fact.tree.nodes
      .filter((node) => facts.roles.roleOf(fact.tree, node) === role)
      .map((call) => ({ fact, call, context: modeContext(fact.tree, call) })),
  )
}

/** The range of a node in the file. */
export function docSpan(code: Code, span: { from: number; to: number }): { from: number; to: number } {
  return { from: toDoc(code, span.from), to: toDocEnd(code, span.to) }
}

/** The statement of a node; a `try` or an `if` that holds nothing else goes with it. */
export function wholeStatement(tree: Tree, node: CodeNode): CodeNode {
  let statement = statementOf(node)
  for (;;) {
    const block = statement.parent
    const holder = block?.parent
    if (!block || !holder || block.kind !== 'block' || (holder.kind !== 'try' && holder.kind !== 'if'))
      return statement
    const others = block.children.filter(
      (child) => child !== statement && child.kind !== 'comment' && isSequence(block),
    )
    if (others.length > 0 || (holder.kind === 'if' && holder.arms.length > 1)) return statement
    if (
      holder.kind === 'try' &&
      within(tree, holder, 'catch').some((handler) =>
        /->|::/.test(textOf(tree, handler).replace(/Log::|report\(/g, '')),
      )
    )
      return statement
    statement = statementOf(holder)
  }
}

export function deleteNode(facts: Facts, code: Code, node: { from: number; to: number }): Edit[] | null {
  const semicolon = /^\s*;/.exec(code.text.slice(node.to))?.[0].length ?? 0
  return deleteCode(facts.document.source, code, node.from, node.to + semicolon)
}

/** What the runbook calls the Go service, for sentences that a fix writes. */
export const goName: (facts: Facts) => string = perFacts(
  (facts) => quoted(facts, facts.entities.goNames) ?? 'the Go service',
)

function quoted(facts: Facts, names: readonly string[]): string | null {
  const count = (name: string): number => facts.norm.split(name).length
  const name = names.toSorted((a, b) => count(b) - count(a))[0]
  if (name === undefined) return null
  return facts.norm.includes(`\`${name}\``) ? `\`${name}\`` : name
}

/** Sentences that tell somebody to do something and name the Go service. */
export function instructionsAbout(facts: Facts, pattern: RegExp): Sentence[] {
  return facts.sentences.filter(
    (sentence) => sentence.instructs && sentence.unit.kind !== 'heading' && mentions(pattern, sentence.text),
  )
}

export function rootOf(node: CodeNode): CodeNode {
  let at = node
  while (at.parent) at = at.parent
  return at
}

export function capitalised(text: string): string {
  return /^[a-z]/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text
}

export function isQuestion(sentence: Sentence): boolean {
  return sentence.text.trimEnd().endsWith('?')
}

/** A sentence that tells somebody what to do or what holds: no heading, no question, no quotation. */
export function tells(sentence: Sentence): boolean {
  return sentence.instructs && sentence.unit.kind !== 'heading' && !isQuestion(sentence)
}

/** A cell that says no in one of the ways tables do. */
export function saysNo(cell: string): boolean {
  return /^\W*(?:no\b|not\b|none|never|nothing|nobody|n\/a|0\b|unchanged|untouched|forbidden|must not|false|off\b|without)|^[\s–—\-✗✘❌×]*$/iu.test(
    cell,
  )
}
