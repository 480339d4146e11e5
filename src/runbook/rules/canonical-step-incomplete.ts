import { variablePattern } from '../code/variable.ts'
import { textOf, type CodeNode } from '../code/node.ts'
import { canonicalStep, controllerSteps, type Step } from '../facts/canonical.ts'
import { shapeOf, type ControllerShape, type MapUse } from '../facts/controller-shape.ts'
import type { Facts } from '../facts/facts.ts'
import { unnamedModesOf } from '../facts/mode-context.ts'
import type { Edit, Problem, Rule } from '../finding.ts'
import { manual, replaceCode, safe, together } from '../fixes/edits.ts'
import { chainToSwitch } from '../fixes/chain-to-switch.ts'
import { buildMaps } from '../fixes/entry-maps.ts'
import { docSpan } from './scan.ts'

const NAMES = { uuids: '$messageUuidMap', recipients: '$recipientMap' } as const

function check(facts: Facts): Problem[] {
  const step = canonicalStep(controllerSteps(facts))
  if (!step || step.codes.length === 0) return []
  const shape = shapeOf(facts, step.codes)
  if (!shape) return []
  return [...mapProblems(facts, step, shape), ...switchProblems(facts, step, shape)]
}

function mapProblems(facts: Facts, step: Step, shape: ControllerShape): Problem[] {
  const text = step.codes.map(({ code }) => code.text).join('\n')
  const absent = (Object.keys(NAMES) as (keyof typeof NAMES)[]).filter((key) => !text.includes(NAMES[key]))
  const renamed = absent.filter((key) => shape[key] !== null)
  const missing = absent.filter((key) => shape[key] === null)
  const problems: Problem[] = []
  const uses = renamed.map((key) => shape[key]).filter((use) => use !== null)
  if (uses.length > 0) {
    const names = renamed.map((key) => `${shape[key]?.name ?? ''} is ${NAMES[key]}`).join(', ')
    const edits = together(...renamed.map((key) => rename(facts, shape, shape[key]?.name ?? '', NAMES[key])))
    problems.push({
      ...docSpan(shape.fact.code, spanOf(uses)),
      message: `The entry maps have other names than the mandatory ones: ${names}`,
      fix: safe(edits, `Rename: ${names}.`),
    })
  }
  if (missing.length > 0) {
    const names = missing.map((key) => NAMES[key]).join(' and ')
    const fix =
      renamed.length > 0
        ? manual(`Build ${names} before any send logic.`)
        : safe(buildMaps(facts, shape, missing), `Build ${names} before any send logic.`)
    problems.push({
      from: step.section.from,
      to: Math.max(step.section.headingTo, step.section.from),
      message: `The canonical step does not pre-generate ${names}`,
      fix,
    })
  }
  return problems
}

function spanOf(uses: readonly MapUse[]): { from: number; to: number } {
  const nodes: CodeNode[] = uses.map(({ declaration, fill }) => declaration ?? fill)
  return { from: Math.min(...nodes.map(({ from }) => from)), to: Math.max(...nodes.map(({ to }) => to)) }
}

/** Renames a variable in the block, where the new name is free. */
function rename(facts: Facts, { fact }: ControllerShape, from: string, to: string): Edit[] | null {
  const { code } = fact
  if (code.text.includes(to)) return null
  const pattern = variablePattern(from, 'g')
  return together(
    ...Array.from(code.text.matchAll(pattern), (match) =>
      replaceCode(facts.document.source, code, match.index, match.index + from.length, to),
    ),
  )
}

function switchProblems(facts: Facts, step: Step, shape: ControllerShape): Problem[] {
  const { fact, choice, chain } = shape
  if (choice) {
    const unnamed = unnamedModesOf(choice)
    if (unnamed.length === 0) return []
    return [
      {
        ...docSpan(fact.code, headOf(shape, choice)),
        message: `The mode switch has no case for ${unnamed.join(' and ')}`,
        fix: defaultToCase(facts, shape, choice, unnamed),
      },
    ]
  }
  if (chain)
    return [
      {
        ...docSpan(fact.code, chain),
        message:
          'The modes are decided by an if-chain, not by a strict switch; an unknown mode is taken for one of the three',
        fix: safe(
          chainToSwitch(facts, fact, chain),
          "Replace by switch ($mode) with the cases 'OFF', 'SHADOW' and 'ON', each ending in break.",
        ),
      },
    ]
  if (step.codes.every(({ code }) => code.contextLines.size > 0 && code.text.length < 400)) return []
  return [
    {
      from: step.section.from,
      to: step.section.headingTo,
      message: "The canonical step has no strict switch over 'OFF', 'SHADOW' and 'ON'",
      fix: manual("Add switch ($mode) with the cases 'OFF', 'SHADOW' and 'ON'."),
    },
  ]
}

function headOf({ fact }: ControllerShape, choice: CodeNode): { from: number; to: number } {
  const end = fact.code.text.indexOf('\n', choice.from)
  return { from: choice.from, to: end < 0 ? choice.to : Math.min(end, choice.to) }
}

/** A `default` that stands for the one mode without a case becomes that case. */
function defaultToCase(
  facts: Facts,
  { fact }: ControllerShape,
  choice: CodeNode,
  unnamed: readonly string[],
): Problem['fix'] {
  const { code, tree } = fact
  const fallback = choice.children.find((child) => child.kind === 'case' && child.labels.length === 0)
  const only = unnamed.length === 1 ? unnamed[0] : undefined
  const throws = fallback ? /\bthrow\b|\babort\(/.test(textOf(tree, fallback)) : true
  if (!fallback || !only || throws || choice.isExpression)
    return manual(`Add case ${unnamed.map((mode) => `'${mode}'`).join(', ')}.`)
  const sibling =
    choice.children.find((child) => child.kind === 'case' && child.labels.length > 0)?.labels[0] ?? "'OFF'"
  const label = sibling.replace(/OFF|SHADOW|ON|Off|Shadow|On|off|shadow|on(?=['"]?$)/, (word) =>
    word === word.toUpperCase()
      ? only
      : word === word.toLowerCase()
        ? only.toLowerCase()
        : only.charAt(0) + only.slice(1).toLowerCase(),
  )
  return safe(
    replaceCode(
      facts.document.source,
      code,
      fallback.from,
      fallback.from + 'default'.length,
      `case ${label}`,
    ),
    `Write case ${label} for default.`,
  )
}

export const canonicalStepIncomplete: Rule = {
  id: 'canonical-step-incomplete',
  title: 'The canonical step lacks a part',
  invariant: 2,
  demands:
    "The canonical step pre-generates $messageUuidMap and $recipientMap and decides by a strict switch over 'OFF', 'SHADOW' and 'ON'.",
  breaks: [
    'no $recipientMap',
    'the maps under other names',
    'if ($mode === ...) ... elseif ... else ...',
    'default: in place of a case',
  ],
  looksOnlySo: ['a match over all three modes', 'the maps built by a collection', 'a default that throws'],
  fixedBy: 'Maps are added to the entry loop or renamed; an if-chain becomes a switch.',
  check,
}
