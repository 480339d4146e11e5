import type { Step } from '../facts/canonical.ts'
import type { Facts } from '../facts/facts.ts'

/**
 * The part of a section to delete: the whole section, or only what is about the controller where the
 * section also does something else (a shell block, a query, subsections).
 */
export function controllerPart(facts: Facts, { section, codes }: Step): { from: number; to: number } {
  const others = facts.codes.filter(
    ({ code }) =>
      code.section === section && !codes.some((own) => own.code === code) && code.language !== 'php',
  )
  const hasOthers = others.some(({ code }) => !/git apply|SmsController/.test(code.text))
  const hasSubsections = facts.document.sections.some((candidate) => candidate.parent === section)
  if (!hasOthers && !hasSubsections) return { from: section.from, to: section.ownTo }
  const units = facts.document.units.filter((unit) => unit.section === section && unit.kind !== 'heading')
  const first = codes[0]?.code
  const last = codes.at(-1)?.code
  const told = units.filter((unit) => /\bSmsController\b/.test(facts.norm.slice(unit.from, unit.to)))
  const lead = first && units.findLast((unit) => unit.to <= first.from)
  const from = Math.min(
    first?.from ?? Infinity,
    told[0]?.from ?? Infinity,
    lead && told.includes(lead) ? lead.from : Infinity,
  )
  const to = Math.max(last?.to ?? 0, told.at(-1)?.to ?? 0)
  if (!Number.isFinite(from)) return { from: section.from, to: section.ownTo }
  const item = first?.item ?? units.find((unit) => unit.from === from)?.item
  return item && item.from <= from && item.to >= to ? { from: item.from, to: item.to } : { from, to }
}
