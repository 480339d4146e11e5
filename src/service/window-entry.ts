import { Type, type Static } from 'typebox'
import { priorities } from '../contract/text.ts'
import { isZone } from '../core/sending-window.ts'
import type { BoundWindow } from './sending-windows.ts'

const Clock = Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$' })

/** A window as the providers file says it. One-time codes cannot be bound. */
export const TimeOfDay = {
  /** IANA name; the file is refused when this runtime does not know it. */
  zone: Type.String({ minLength: 1 }),
  from: Clock,
  /** Exclusive; before `from`: past midnight. */
  to: Clock,
  priorities: Type.Optional(Type.Array(Type.Enum(['normal', 'bulk']), { minItems: 1, uniqueItems: true })),
}
const TimeOfDayEntry = Type.Object(TimeOfDay)
type TimeOfDayEntry = Static<typeof TimeOfDayEntry>

/** What is wrong with the window of an entry, or of a provider that has one. */
export function windowProblems({
  name,
  window,
  ...entry
}: { readonly name: string; readonly window?: TimeOfDayEntry } & Partial<TimeOfDayEntry>): string[] {
  const { zone, from, to } = window ?? entry
  if (zone === undefined) return []
  const problems = []
  if (!isZone(zone)) problems.push(`${name}: zone ${zone}: is not known: use an IANA name, as Europe/Berlin`)
  if (from === to) problems.push(`${name}: a window from ${from} to ${to} is always open: leave it out`)
  return problems
}

/** Without priorities it binds all but one-time codes. */
export function boundWindow({ zone, from, to, priorities: bound }: TimeOfDayEntry): BoundWindow {
  const words: readonly string[] = bound ?? ['normal', 'bulk']
  return {
    window: { zone, fromMinute: minuteOf(from), toMinute: minuteOf(to) },
    priorities: words.map((word) => priorities.findIndex((one) => one === word)),
  }
}

function minuteOf(clock: string): number {
  return Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3))
}
