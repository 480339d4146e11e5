import { textOf, type CodeNode, type Tree } from '../code/node.ts'
import { endsFlow, modesOfCondition } from '../facts/mode-context.ts'
import { MODES } from '../facts/modes.ts'
import type { CodeFact, Facts } from '../facts/facts.ts'
import type { Edit } from '../finding.ts'
import { indentAt, indentStep, replaceCode } from './edits.ts'

type Fact = CodeFact & { readonly tree: Tree }

/** Rewrites an if-chain over the mode as a switch; null where an arm asks for more than one mode. */
export function chainToSwitch(facts: Facts, fact: Fact, chain: CodeNode): Edit[] | null {
  const { code, tree } = fact
  const arms = chain.arms.map(({ condition, body }) => ({
    mode: modeOf(tree, condition),
    body,
    isElse: condition === null,
  }))
  const named = arms.filter(({ isElse }) => !isElse)
  if (named.some(({ mode }) => mode === null) || arms.length < 3) return null
  const subject = /^\(?\s*(\$[\w>()-]+|config\([^()]*\))\s*[=!]==?/.exec(
    textOf(tree, chain.arms[0]?.condition ?? chain),
  )?.[1]
  const literals = new Set(named.map(({ mode }) => mode?.mode))
  const rest = MODES.filter((mode) => !literals.has(mode))
  if (
    !subject ||
    literals.size !== named.length ||
    (rest.length > 0 && !(rest.length === 1 && arms.some(({ isElse }) => isElse)))
  )
    return null
  const indent = indentAt(code, chain.from)
  const step = indentStep(code)
  const lines = [`switch (${subject}) {`]
  for (const arm of arms) {
    const isDefault = arm.isElse && rest.length === 0
    const label = isDefault
      ? 'default:'
      : `case ${arm.mode?.label ?? labelLike(named[0]?.mode?.label ?? "'OFF'", rest[0] ?? 'ON')}:`
    lines.push(`${indent}${step}${label}`, ...bodyLines(tree, arm.body, indent, step))
    if (!endsFlow(tree, arm.body)) lines.push(`${indent}${step}${step}break;`)
  }
  lines.push(`${indent}}`)
  return replaceCode(facts.document.source, code, chain.from, chain.to, lines.join('\n'))
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
