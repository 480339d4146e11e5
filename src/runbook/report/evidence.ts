import { textOf } from '../code/node.ts'
import type { Facts } from '../facts/facts.ts'
import { goHttpCalls } from '../facts/http-calls.ts'
import { resolveTimeout } from '../facts/timeout-value.ts'
import { is500 } from '../facts/duration.ts'
import { INVARIANT_NAMES, statedInvariants, type Invariant } from '../facts/invariants.ts'
import { isModeSwitch, unnamedModesOf } from '../facts/mode-context.ts'
import { providerUses } from '../facts/provider-calls.ts'
import { gateSection, reconcileSection } from '../facts/places.ts'
import { quotaNodes, statusTest } from '../facts/quota.ts'
import { cutsFractions } from '../facts/subject.ts'
import type { Finding } from '../finding.ts'
import { toDoc } from '../markdown/code-block.ts'
import { lineAt } from '../markdown/source.ts'
import { ALL_RULES } from '../rules/all-rules.ts'
import { treesOf } from '../rules/scan.ts'
import type { LintResult } from '../lint.ts'

/** Whether an invariant holds in the runbook, with what enforces it and what stands against it. */
export interface Verdict {
  readonly invariant: Invariant
  readonly name: string
  readonly isEnforced: boolean
  readonly places: readonly string[]
  readonly against: readonly string[]
}

/** One verdict for each invariant. Enforced means: stated, shown in code, and nothing found against it. */
export function verdicts(result: LintResult): Verdict[] {
  const stated = statedInvariants(result.facts)
  return ([1, 2, 3, 4] as const).map((invariant) => {
    const text = stated[invariant]
    const shown = EVIDENCE[invariant](result.facts)
    const findings = result.findings.filter((finding) => concerns(finding, invariant))
    const against = [
      ...findings.map(
        (finding) => `line ${finding.startLine}, ${finding.rule}: ${finding.message}. ${finding.fix.advice}`,
      ),
      ...(text ? [] : ['it stands nowhere as explicit text']),
      ...shown.lacks,
    ]
    const places = [...(text ? [`line ${lineOf(result.facts, text.from)}: stated`] : []), ...shown.places]
    return { invariant, name: INVARIANT_NAMES[invariant], isEnforced: against.length === 0, places, against }
  })
}

function concerns(finding: Finding, invariant: Invariant): boolean {
  const rule = ALL_RULES.find(({ id }) => id === finding.rule)
  if (finding.rule === 'canonical-step-duplicate') return invariant === 1 || invariant === 2
  if (finding.rule === 'canonical-step-incomplete') return invariant === 1 || invariant === 2
  return rule?.invariant === invariant
}

function lineOf(facts: Facts, offset: number): number {
  return lineAt(facts.document.source, offset) + 1
}

interface Evidence {
  readonly places: string[]
  readonly lacks: string[]
}

const EVIDENCE: Readonly<Record<Invariant, (facts: Facts) => Evidence>> = {
  1: oneSender,
  2: oneIdentity,
  3: oneWriter,
  4: oneCondition,
}

function oneSender(facts: Facts): Evidence {
  const places: string[] = []
  const lacks: string[] = []
  for (const { tree, code } of treesOf(facts, 'php')) {
    for (const node of tree.nodes)
      if (isModeSwitch(node) && unnamedModesOf(node).length === 0)
        places.push(`line ${lineOf(facts, toDoc(code, node.from))}: switch over OFF, SHADOW and ON`)
  }
  if (places.length === 0) lacks.push('no block of the runbook decides by a switch over the three modes')
  const uses = treesOf(facts, 'go').flatMap(({ tree, code }) =>
    providerUses(tree).map((use) => ({ use, code })),
  )
  for (const { use, code } of uses)
    if (use.guard.kind === 'effective')
      places.push(`line ${lineOf(facts, toDoc(code, use.call.from))}: provider call behind the DryRun guard`)
  if (uses.length === 0)
    lacks.push(
      'no block of the runbook shows the Go handler that reaches the provider, so its DryRun guard cannot be confirmed',
    )
  timeouts(facts, places, lacks)
  const gate = gateSection(facts)
  if (gate)
    places.push(`line ${lineOf(facts, gate.from)}: gate "${gate.heading ?? ''}" with the simulated timeout`)
  else lacks.push('the runbook has no verification gate')
  return { places, lacks }
}

function timeouts(facts: Facts, places: string[], lacks: string[]): void {
  const calls = goHttpCalls(facts)
  const version = facts.subject.laravelVersion
  let shown = 0
  for (const { timeout, fact, library } of calls) {
    const value = timeout && resolveTimeout(facts, timeout)
    if (!timeout || !value || !is500(value.ms)) continue
    shown++
    const line = lineOf(facts, toDoc(value.fact.code, value.from))
    places.push(`line ${line}: timeout of 500 ms`)
    const isBare =
      library === 'laravel' &&
      !timeout.isOption &&
      textOf(fact.tree, { from: timeout.from, to: timeout.to }) !== ''
    if (isBare && version === null)
      lacks.push(
        `line ${line}: Http::timeout(0.5) takes effect only from Laravel 11.35.1 on, and the runbook names no version; add ->withOptions(['timeout' => 0.5, 'connect_timeout' => 0.5]) or the version`,
      )
    if (isBare && version !== null && cutsFractions(version))
      lacks.push(`line ${line}: Http::timeout(0.5) waits for ever on Laravel ${version.join('.')}`)
  }
  if (shown === 0)
    lacks.push('no block of the runbook shows the call to the Go service with a timeout of 500 ms')
}

function oneIdentity(facts: Facts): Evidence {
  for (const { tree, code } of treesOf(facts, 'php')) {
    const map = tree.nodes.find((node) => node.kind === 'assign' && node.name.startsWith('$messageUuidMap'))
    if (map)
      return {
        places: [`line ${lineOf(facts, toDoc(code, map.from))}: $messageUuidMap, before any send`],
        lacks: [],
      }
  }
  return { places: [], lacks: ['no block of the runbook fills $messageUuidMap'] }
}

function oneWriter(facts: Facts): Evidence {
  const places: string[] = []
  for (const { tree, code } of treesOf(facts, 'php')) {
    const write = tree.nodes.find(
      (node) => node.kind === 'pair' && node.name === 'source' && /go/i.test(textOf(tree, node)),
    )
    if (write) places.push(`line ${lineOf(facts, toDoc(code, write.from))}: Laravel writes the Go result`)
  }
  const section = reconcileSection(facts)
  if (section) places.push(`line ${lineOf(facts, section.from)}: reconciliation by message_uuid`)
  const lacks = places.length === 0 ? ['no block of the runbook shows how Laravel writes the Go result'] : []
  return { places, lacks: section ? lacks : [...lacks, 'the runbook has no reconciliation'] }
}

function oneCondition(facts: Facts): Evidence {
  const places = treesOf(facts, 'php').flatMap(({ tree, code }) =>
    quotaNodes(tree)
      .filter((node) => statusTest(tree, node).isRight)
      .map(
        (node) =>
          `line ${lineOf(facts, toDoc(code, node.from))}: decrement behind the test of mode and status`,
      ),
  )
  return {
    places:
      places.length > 0
        ? places
        : ['no block of the runbook decrements the quota; the stated rule is all there is'],
    lacks: [],
  }
}
