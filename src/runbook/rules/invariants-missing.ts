import { INVARIANT_TEXTS, statedInvariants, type Invariant } from '../facts/invariants.ts'
import type { Facts } from '../facts/facts.ts'
import { mentionsMode } from '../facts/modes.ts'
import { stepLevel } from '../facts/places.ts'
import type { Edit, Problem, Rule } from '../finding.ts'
import { safe } from '../fixes/edits.ts'
import { headingLines } from '../fixes/sections.ts'

const ALL: readonly Invariant[] = [1, 2, 3, 4]

export function missingInvariants(facts: Facts): Invariant[] {
  const stated = statedInvariants(facts)
  return ALL.filter((invariant) => stated[invariant] === null)
}

function check(facts: Facts): Problem[] {
  if (!mentionsMode(facts.norm) || facts.document.sections.length < 4 || missingInvariants(facts).length < 4)
    return []
  const title = facts.document.sections.find(({ heading }) => heading !== null) ?? facts.document.sections[0]
  return [
    {
      from: title?.from ?? 0,
      to: title?.headingTo ?? 0,
      message: 'None of the four invariants stands in the runbook as explicit text',
      fix: safe(invariantEdits(facts, ALL), 'Add a section with the four invariants.'),
    },
  ]
}

/** Inserts the given invariants: into the list of an existing section, or as a section before the first step. */
export function invariantEdits(facts: Facts, which: readonly Invariant[]): Edit[] {
  const { document } = facts
  const level = stepLevel(facts)
  const lines = which.map((invariant, index) => `${index + 1}. ${INVARIANT_TEXTS[invariant].join('\n')}`)
  const own = document.sections.find(
    (section) =>
      /\binvariants?\b|\bguarantees?\b|\bground rules\b/i.test(section.heading ?? '') &&
      !facts.archived.has(section) &&
      section.heading !== null &&
      !section.isTitle,
  )
  if (own && which.length < 4) {
    const at = own.from + facts.norm.slice(own.from, own.ownTo).trimEnd().length
    return [
      {
        from: at,
        to: at,
        text: `\n\n${which.map((invariant) => INVARIANT_TEXTS[invariant].map((line) => line.trim()).join('\n')).join('\n\n')}`,
      },
    ]
  }
  const first =
    document.sections.find(
      (section) => section.level === level && section.heading !== null && section !== document.sections[1],
    ) ?? document.sections.find((section) => section.level === level)
  const block = [
    ...headingLines(facts, 'Invariants', level),
    '',
    'These hold in every mode and at every moment; no step may break one of them.',
    '',
    ...lines,
  ]
  if (!first) {
    const end = facts.norm.trimEnd().length
    return [{ from: end, to: end, text: `\n\n${block.join('\n')}` }]
  }
  return [{ from: first.from, to: first.from, text: `${block.join('\n')}\n\n` }]
}

export const invariantsMissing: Rule = {
  id: 'invariants-missing',
  title: 'The four invariants stand nowhere',
  invariant: null,
  demands:
    'The four invariants stand in the runbook as explicit text: one sender, one id, one writer, one condition for the quota.',
  breaks: ['a runbook of steps only'],
  looksOnlySo: ['the invariants in other words: a table of the modes, a ground rule about sms_logs'],
  fixedBy: 'A section with the four is added before the first step.',
  check,
}
