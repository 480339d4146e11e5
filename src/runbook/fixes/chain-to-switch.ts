import { textOf, type CodeNode, type Tree } from '../code/node.ts'
import { endsFlow, modesOfCondition } from '../facts/mode-context.ts'
import { MODES } from '../facts/modes.ts'
import type { CodeFact, Facts } from '../facts/facts.ts'
import type { Edit } from '../finding.ts'
import { indentAt, indentStep, replaceCode, together } from './edits.ts'

type Fact = CodeFact & { readonly tree: Tree }

interface ChainArm {
  /** Null for `else`. */
  readonly test: { readonly mode: string; readonly label: string } | null
  readonly body: CodeNode
}

/**
 * Makes a switch of an if-chain over the mode by replacing its heads and braces only: the bodies stay byte for
 * byte, with the cases at the level of the switch. Null where an arm asks for more than one mode, or stands on
 * one line.
 */
export function chainToSwitch(facts: Facts, fact: Fact, chain: CodeNode): Edit[] | null {
  const { code, tree } = fact
  const head = textOf(tree, chain.arms[0]?.condition ?? chain)
  const subject = /^\(?\s*(\$[\w>()-]+|config\([^()]*\))\s*[=!]==?/.exec(head)?.[1]
  const arms = armsOf(tree, chain)
  const rest = arms && modeOfElse(arms)
  const inner = arms?.map(({ body }) => innerLines(code.text, body)) ?? []
  if (!subject || !arms || rest === null || inner.includes(null)) return null
  const indent = indentAt(code, chain.from)
  const sample = arms[0]?.test?.label ?? "'OFF'"
  const caseOf = ({ test }: ChainArm): string => {
    const label = test?.label ?? (rest ? labelLike(sample, rest) : null)
    return `${indent}${label ? `case ${label}` : 'default'}:`
  }
  const parts = arms.map((arm, index) => {
    const before = arms[index - 1]
    const from = index === 0 ? chain.from : (inner[index - 1]?.to ?? chain.from)
    const start = before ? breakLine(tree, before, indent + indentStep(code)) : `switch (${subject}) {\n`
    return replaceCode(facts.document.source, code, from, inner[index]?.from ?? from, start + caseOf(arm))
  })
  return together(...parts, closing(facts, fact, chain, arms.at(-1)))
}

/** The last arm's `break` and the brace of the switch. */
function closing(
  facts: Facts,
  { code, tree }: Fact,
  chain: CodeNode,
  last: ChainArm | undefined,
): Edit[] | null {
  const indent = indentAt(code, chain.from)
  const end = last ? breakLine(tree, last, indent + indentStep(code)) : ''
  const from = last ? innerLines(code.text, last.body)?.to : undefined
  return replaceCode(facts.document.source, code, from ?? chain.to, chain.to, `${end}${indent}}`)
}

function breakLine(tree: Tree, { body }: ChainArm, indent: string): string {
  return endsFlow(tree, body) ? '' : `${indent}break;\n`
}

/** From the line end behind the opening brace to the start of the closing brace's line. */
function innerLines(text: string, body: CodeNode): { from: number; to: number } | null {
  const raw = text.slice(body.from, body.to)
  const open = /^\{[ \t]*(?=\n)/.exec(raw)
  const close = /\n[ \t]*\}$/.exec(raw)
  if (!open || !close || open[0].length > close.index) return null
  return { from: body.from + open[0].length, to: body.from + close.index + 1 }
}

/** Null where a condition asks for anything but one mode, or for a mode twice. */
function armsOf(tree: Tree, chain: CodeNode): ChainArm[] | null {
  const arms = chain.arms.map(({ condition, body }) => ({
    test: modeOf(tree, condition),
    body,
    isElse: condition === null,
  }))
  const named = arms.filter(({ isElse }) => !isElse)
  const modes = new Set(named.map(({ test }) => test?.mode))
  return arms.length >= 3 && named.every(({ test }) => test !== null) && modes.size === named.length
    ? arms
    : null
}

/** The one mode that `else` stands for; '' where all three are named; null where it stands for several. */
function modeOfElse(arms: readonly ChainArm[]): string | null {
  const named = new Set(arms.map(({ test }) => test?.mode))
  const rest = MODES.filter((mode) => !named.has(mode))
  if (rest.length === 0) return ''
  return rest.length === 1 && arms.some(({ test }) => test === null) ? (rest[0] ?? null) : null
}

function modeOf(
  tree: Tree,
  condition: { from: number; to: number } | null,
): { mode: string; label: string } | null {
  if (!condition) return null
  const text = textOf(tree, condition)
  const modes = modesOfCondition(text)
  const only = modes?.size === 1 ? [...modes][0] : undefined
  const label = /[=!]==?\s*([\w\\]+::\w+|(['"])\w+\2)\s*\)?$/.exec(text.trim())?.[1]
  return only && label && /===?/.test(text) && !/!=|&&|\|\|/.test(text) ? { mode: only, label } : null
}

function labelLike(sample: string, mode: string): string {
  return sample.replace(/(?:OFF|SHADOW|ON|Off|Shadow|On|off|shadow|on)(?=['"]?$)/, (word) =>
    word === word.toUpperCase()
      ? mode
      : word === word.toLowerCase()
        ? mode.toLowerCase()
        : mode.charAt(0) + mode.slice(1).toLowerCase(),
  )
}
