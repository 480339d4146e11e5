import type { Facts } from '../facts/facts.ts'
import { isBefore, stepLevel } from '../facts/places.ts'
import type { Edit } from '../finding.ts'
import type { Section } from '../markdown/document.ts'

/** The end of a section's own text, behind its last line that says something. */
export function endOfOwnText(facts: Facts, section: Section): number {
  return section.from + facts.norm.slice(section.from, section.ownTo).trimEnd().length
}

/** Adds a block of lines at the end of a section's own text, set apart by a blank line. */
export function appendBlock(facts: Facts, section: Section, lines: readonly string[]): Edit {
  const at = endOfOwnText(facts, section)
  return { from: at, to: at, text: `\n\n${lines.join('\n')}` }
}

/** Adds a whole section before the sections that close a runbook, or at the end. */
export function addSection(facts: Facts, title: string, lines: readonly string[]): Edit {
  const level = stepLevel(facts)
  const live = facts.document.sections.filter((section) => section.level === level)
  const next = live.find(
    (section, index) =>
      index > 1 && isBefore(section) && live.slice(index).every((later) => later.level >= level),
  )
  const heading = headingLines(facts, title, level)
  if (next) return { from: next.from, to: next.from, text: `${[...heading, '', ...lines].join('\n')}\n\n` }
  const end = facts.norm.trimEnd().length
  return { from: end, to: end, text: `\n\n${[...heading, '', ...lines].join('\n')}` }
}

/** In the style of the other headings of its level. */
export function headingLines(facts: Facts, title: string, level: number): string[] {
  const sibling = facts.document.sections.find((section) => section.level === level)
  const raw = sibling ? facts.norm.slice(sibling.from, sibling.headingTo) : ''
  if (raw !== '' && !raw.startsWith('#') && level <= 2)
    return [title, (level === 1 ? '=' : '-').repeat(title.length)]
  const closing = /\s#+\s*$/.test(raw) ? ` ${'#'.repeat(level)}` : ''
  return [`${'#'.repeat(level)} ${title}${closing}`]
}
