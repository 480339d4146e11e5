import { textOf } from '../code/node.ts'
import { ancestors, type CodeNode, type Tree } from '../code/node.ts'
import type { Facts } from '../facts/facts.ts'
import { cutsFractions } from '../facts/subject.ts'
import type { Problem, Rule } from '../finding.ts'
import { replaceCode, safe } from '../fixes/edits.ts'
import { docSpan, treesOf } from './scan.ts'

function check(facts: Facts): Problem[] {
  const version = facts.subject.laravelVersion
  if (version === null || !cutsFractions(version)) return []
  const message = `Http::timeout() takes whole seconds before Laravel 11.35.1, and this runbook is about ${version.join('.')}: a fraction below 1 becomes 0, which waits for ever`
  return treesOf(facts, 'php').flatMap(({ tree, code }) =>
    tree.nodes
      .filter((node) => isFraction(tree, node) && !hasOption(tree, node))
      .map((call) => {
        const option = "->withOptions(['timeout' => 0.5, 'connect_timeout' => 0.5])"
        const fix = safe(
          replaceCode(facts.document.source, code, call.to, call.to, option),
          `Add ${option} behind it.`,
        )
        return { ...docSpan(code, nameSpan(call)), message, fix }
      }),
  )
}

function nameSpan(call: CodeNode): { from: number; to: number } {
  const at = call.args[0]?.from ?? call.to
  return { from: at, to: call.to }
}

function isFraction(tree: Tree, node: CodeNode): boolean {
  if (
    node.kind !== 'call' ||
    node.name !== 'timeout' ||
    !/Http|http|request|client|pending/i.test(node.callee)
  )
    return false
  const argument = node.args[0]
  return argument !== undefined && /^(?:0?\.\d+|500\s*\/\s*1000)$/.test(textOf(tree, argument).trim())
}

/** The option must come after the literal: in the other order the literal wins. */
function hasOption(tree: Tree, node: CodeNode): boolean {
  for (const at of ancestors(node)) {
    if (at.kind !== 'call' || at.from !== node.from) return false
    if (
      /^(?:withOptions|withRequestOptions)$/.test(at.name) &&
      /['"]timeout['"]\s*=>\s*0?\.5\b/.test(textOf(tree, at))
    )
      return true
    if (at.args.some((argument) => /^\[[\s\S]*['"]timeout['"]\s*=>\s*0?\.5\b/.test(textOf(tree, argument))))
      return true
  }
  return false
}

export const timeoutIneffective: Rule = {
  id: 'timeout-ineffective',
  title: 'Http::timeout(0.5) waits for ever on this Laravel',
  invariant: 1,
  demands: 'The timeout of 500 ms takes effect on the Laravel version that the runbook names.',
  breaks: ['Laravel 10 and Http::timeout(0.5)->post(...)'],
  looksOnlySo: [
    'Laravel 11.35.1 or later',
    "Http::timeout(0.5)->withOptions(['timeout' => 0.5, 'connect_timeout' => 0.5])",
  ],
  fixedBy:
    'The option with the same figure is added behind the literal, which keeps it and ends after 500 ms on every version.',
  check,
}
