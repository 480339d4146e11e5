import { textOf, type CodeNode, type Tree } from '../code/node.ts'
import { endsFlow, modesOfCondition } from '../facts/mode-context.ts'
import { MODES } from '../facts/modes.ts'
import type { CodeFact, Facts } from '../facts/facts.ts'
import type { Edit } from '../finding.ts'
import { indentAt, indentStep, replaceCode } from './edits.ts'

type Fact = CodeFact & { readonly tree: Tree }

interface ChainArm {
  /** Null for `else`. */
  readonly test: { readonly mode: string; readonly label: string } | null
  readonly body: CodeNode
}

/** Rewrites an if-chain over the mode as a switch; null where an arm asks for more than one mode. */
export function chainToSwitch(facts: Facts, fact: Fact, chain: CodeNode): Edit[] | null {
  const { code, tree } = fact
  const subject = /^\(?\s*(\$[\w>()-]+|config\([^()]*\))\s*[=!]==?/.exec(
    textOf(tree, chain.arms[0]?.condition ?? chain),
  )?.[1]
  const arms = armsOf(tree, chain)
  const rest = arms && modeOfElse(arms)
  if (!subject || !arms || rest === null) return null
  const indent = indentAt(code, chain.from)
  const step = indentStep(code)
  const sample = arms[0]?.test?.label ?? "'OFF'"
  const lines = arms.flatMap(({ test, body }) => {
    const label = test?.label ?? (rest ? labelLike(sample, rest) : null)
    const end = endsFlow(tree, body) ? [] : [`${indent}${step}${step}break;`]
    return [
      `${indent}${step}${label ? `case ${label}` : 'default'}:`,
      ...bodyLines(tree, body, indent, step),
      ...end,
    ]
  })
  const text = [`switch (${subject}) {`, ...lines, `${indent}}`].join('\n')
  return replaceCode(facts.document.source, code, chain.from, chain.to, text)
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

/** The lines between the braces, one step further in. */
function bodyLines(tree: Tree, body: CodeNode, indent: string, step: string): string[] {
  const text = textOf(tree, body)
    .replace(/^\{[ \t]*\n?/, '')
    .replace(/\n?[ \t]*\}$/, '')
  return text
    .split('\n')
    .filter((line, index, all) => line.trim() !== '' || (index > 0 && index < all.length - 1))
    .map((line) => {
      if (line.trim() === '') return ''
      return line.startsWith(indent + step) ? step + line : indent + step + step + line.trim()
    })
}
