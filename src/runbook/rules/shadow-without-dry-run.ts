import { textOf, type CodeNode, type Tree } from '../code/node.ts'
import { dryRunArgument, wordsOf } from '../facts/calls.ts'
import { mentions } from '../facts/entities.ts'
import type { CodeFact, Facts } from '../facts/facts.ts'
import { headingModes } from '../facts/facts.ts'
import { modesOfCondition } from '../facts/mode-context.ts'
import { modesInText } from '../facts/modes.ts'
import type { Problem, Rule } from '../finding.ts'
import { manual, replaceCode, safe } from '../fixes/edits.ts'
import { replaceSentence } from '../fixes/prose-edits.ts'
import { isDenied } from '../prose/modality.ts'
import { callsOf, docSpan, goName, treesOf, type RoleCall } from './scan.ts'

const MESSAGE = 'SHADOW calls the Go service without dry_run=true, so two systems send the same message'

/** Position of the dry-run parameter of each function the runbook defines, by the function's name. */
function dryRunPositions(facts: Facts): Map<string, { index: number; defaultsToTrue: boolean }> {
  const positions = new Map<string, { index: number; defaultsToTrue: boolean }>()
  for (const { tree } of treesOf(facts, 'php')) {
    for (const node of tree.nodes) {
      if (node.kind !== 'function' || node.isExpression || !node.head) continue
      const params = textOf(tree, node.head).slice(1, -1).split(',')
      const index = params.findIndex((param) => facts.roles.dryRun.test(param))
      if (index >= 0)
        positions.set(node.name, { index, defaultsToTrue: /=\s*true/i.test(params[index] ?? '') })
    }
  }
  return positions
}

function inCode(facts: Facts): Problem[] {
  const positions = dryRunPositions(facts)
  const calls = callsOf(facts, 'go')
  const usesNamed = calls.some(
    ({ fact, call }) => dryRunArgument(fact.tree, call, facts.roles.dryRun) !== null,
  )
  return calls.flatMap((found) => {
    const { fact, call, context } = found
    if (!context.isExplicit || !context.modes.has('SHADOW')) return []
    if (wordsOf(call.callee).some((word) => word === 'dry' || word === 'shadow')) return []
    const argument = argumentOf(fact.tree, call, positions, facts.roles.dryRun)
    if (argument === 'unknown') return []
    if (argument === null) return [missing(facts, found, usesNamed || positions.has(call.name))]
    const value = textOf(fact.tree, argument).trim()
    if (!isWrong(value)) return []
    const fix = safe(
      replaceCode(facts.document.source, fact.code, argument.from, argument.to, valueFor(value)),
      'Pass dry_run=true in SHADOW.',
    )
    return [
      {
        ...docSpan(fact.code, call),
        message: MESSAGE,
        fix:
          context.modes.size === 1 || value !== 'false'
            ? fix
            : manual('Pass dry_run=true in SHADOW and dry_run=false in ON.'),
      },
    ]
  })
}

function isWrong(value: string): boolean {
  if (/^(?:false|0)$/i.test(value)) return true
  const modes = modesOfCondition(value)
  return modes !== null && !modes.has('SHADOW')
}

function valueFor(value: string): string {
  return /^(?:false|0)$/i.test(value)
    ? 'true'
    : value.replace(/!==?|===?/, '!==').replace(/(['"])(?:OFF|SHADOW|on|ON|off|shadow)\1/, "'ON'")
}

/** The value passed for the dry run; null where none is; 'unknown' where a variable carries it. */
function argumentOf(
  tree: Tree,
  call: CodeNode,
  positions: ReturnType<typeof dryRunPositions>,
  dryRun: RegExp,
): { from: number; to: number } | null | 'unknown' {
  const named = dryRunArgument(tree, call, dryRun)
  if (named?.value) return named.value
  const position = positions.get(call.name)
  const positional = position
    ? call.args[position.index]
    : call.args.findLast((argument) => /^(?:true|false)$/i.test(textOf(tree, argument).trim()))
  if (positional) return positional
  if (position?.defaultsToTrue) return 'unknown'
  return call.args.some(
    (argument) =>
      dryRun.test(textOf(tree, argument)) ||
      /\$(?:payload|options|request|message|command|dto|data|body)\b/i.test(textOf(tree, argument)),
  )
    ? 'unknown'
    : null
}

function missing(facts: Facts, { fact, call, context }: RoleCall, isKnown: boolean): Problem {
  const last = call.args.at(-1)
  const at = last?.to ?? call.to - 1
  const edits = replaceCode(
    facts.document.source,
    fact.code,
    at,
    at,
    last ? ', dryRun: true' : 'dryRun: true',
  )
  const advice = 'Pass dryRun: true in SHADOW.'
  return {
    ...docSpan(fact.code, call),
    message: MESSAGE,
    fix: isKnown && context.modes.size === 1 ? safe(edits, advice) : manual(advice, edits ?? []),
  }
}

const FALSE_FLAG = /\bdry_?-?run["']?\s*(?::|=>|=|\s)\s*["']?(false|0|no|off)\b/gi

/** Requests and settings by hand, in the part of the runbook that is about SHADOW. */
function inOtherBlocks(facts: Facts): Problem[] {
  return facts.codes.flatMap((fact) => {
    const { code } = fact
    if (!fact.instructs || code.language === 'php' || code.language === 'go' || code.language === 'sql')
      return []
    return Array.from(code.text.matchAll(FALSE_FLAG)).flatMap((match) => {
      if (!isAboutShadow(facts, fact, match.index)) return []
      const at = match.index + match[0].lastIndexOf(match[1] ?? '')
      const right = match[1] === '0' ? '1' : 'true'
      const edits = replaceCode(facts.document.source, code, at, at + (match[1] ?? '').length, right)
      return [
        {
          ...docSpan(code, { from: match.index, to: match.index + match[0].length }),
          message: MESSAGE,
          fix: safe(edits, 'Set dry_run to true.'),
        },
      ]
    })
  })
}

function isAboutShadow(facts: Facts, { code, lead }: CodeFact, at: number): boolean {
  const line = code.text.slice(
    code.text.lastIndexOf('\n', at) + 1,
    (code.text.indexOf('\n', at) + 1 || code.text.length + 1) - 1,
  )
  if (/shadow/i.test(line)) return true
  const before = code.text.slice(0, at)
  const nearest = Array.from(before.matchAll(/\b(?:OFF|SHADOW|ON)\b|\bshadow\b/g), ([word]) =>
    word.toUpperCase(),
  ).at(-1)
  if (nearest) return nearest === 'SHADOW'
  const own = new Set([...modesInText(lead), ...headingModes(lead)])
  if (own.size > 0) return own.size === 1 && own.has('SHADOW')
  const item = code.item
    ? headingModes(facts.norm.slice(code.item.from, Math.min(code.from, code.item.from + 200)))
    : new Set()
  if (item.size > 0) return item.size === 1 && item.has('SHADOW')
  for (let section: typeof code.section | null = code.section; section; section = section.parent) {
    const modes = headingModes(section.heading ?? '')
    if (modes.size > 0) return modes.size === 1 && modes.has('SHADOW')
  }
  return false
}

const REAL =
  /\bdry_?-?run\b\W{0,4}(?:(?:is|to|set to|stays|remains|being|of|value|flag)\W+){0,2}(?:false|0|off|no|disabled|unset|omitted|left out)\b|\bwithout\b[^.]{0,24}\bdry[-_ ]?run\b|\b(?:a |as |with )?real (?:calls?|requests?|sends?|sending)\b|\bsends? for real\b|\bno dry[-_ ]?run\b|\bdry[-_ ]?run\b[^.]{0,20}\b(?:is not|isn't|not) (?:set|sent|passed|needed|used|required)\b|\b(?:does not|doesn't|need not|omits?)\b[^.]{0,20}\bdry[-_ ]?run\b/i

function inProse(facts: Facts): Problem[] {
  return facts.sentences.flatMap((sentence) => {
    const modes = facts.modesOf(sentence)
    if (!sentence.instructs || sentence.unit.kind === 'heading' || !modes.has('SHADOW') || modes.size > 1)
      return []
    const match = REAL.exec(sentence.text)
    if (
      !match ||
      /\b(?:never|must not|may not|forbidden|reject\w*)\b/i.test(
        sentence.text.slice(0, match.index + match[0].length),
      )
    )
      return []
    if (
      /\breal\b/i.test(match[0]) &&
      (isDenied(sentence.text, match.index, match[0].length) || !mentions(facts.entities.go, sentence.text))
    )
      return []
    const text = sentence.unit.row
      ? 'dry run (`dry_run=true`)'
      : `In \`SHADOW\` the legacy driver sends and ${goName(facts)} is called with \`dry_run=true\`.`
    return [
      {
        from: sentence.from,
        to: sentence.to,
        message: MESSAGE,
        fix: safe(replaceSentence(facts, sentence, text), `Replace by: ${text}`),
      },
    ]
  })
}

export const shadowWithoutDryRun: Rule = {
  id: 'shadow-without-dry-run',
  title: 'SHADOW calls the Go service for real',
  invariant: 1,
  demands: 'SHADOW: the Go service is called with dry_run=true.',
  breaks: [
    "case 'SHADOW': $this->go->send($uuid, $to, $text, dryRun: false);",
    '"dry_run": false in a request made by hand under the heading SHADOW',
  ],
  looksOnlySo: ["dryRun: false in case 'ON'", "dryRun: $mode !== 'ON' in one call for both modes"],
  fixedBy: 'The flag becomes true; a missing one is added where the method is known to take it.',
  check: (facts) => [...inCode(facts), ...inOtherBlocks(facts), ...inProse(facts)],
}
