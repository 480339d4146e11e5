import type { Step } from '../facts/canonical.ts'
import type { Facts } from '../facts/facts.ts'

/**
 * The part of a section to delete: the whole section, or only what is about the controller where the
 * section also does something else (a shell block, a query, subsections).
 */
export function controllerPart(facts: Facts, step: Step): { from: number; to: number } {
  const { section } = step
  const whole = { from: section.from, to: section.ownTo }
  return doesOnlyThis(facts, step) ? whole : (ownPart(facts, step) ?? whole)
}

function doesOnlyThis(facts: Facts, { section, codes }: Step): boolean {
  const own = new Set(codes.map(({ code }) => code))
  const hasOthers = facts.codes.some(
    ({ code }) =>
      code.section === section &&
      !own.has(code) &&
      code.language !== 'php' &&
      !/git apply|SmsController/.test(code.text),
  )
  return !hasOthers && facts.document.sections.every(({ parent }) => parent !== section)
}

/** From the sentence that names the controller to the end of its last block; the list item where that holds all of it. */
function ownPart(facts: Facts, { section, codes }: Step): { from: number; to: number } | null {
  const units = facts.document.units.filter((unit) => unit.section === section && unit.kind !== 'heading')
  const told = units.filter((unit) => /\bSmsController\b/.test(facts.norm.slice(unit.from, unit.to)))
  const parts = [...told, ...codes.map(({ code }) => code)]
  if (parts.length === 0) return null
  const from = Math.min(...parts.map((part) => part.from))
  const to = Math.max(...parts.map((part) => part.to))
  const item = codes[0]?.code.item ?? units.find((unit) => unit.from === from)?.item
  return item && item.from <= from && item.to >= to ? { from: item.from, to: item.to } : { from, to }
}
