import type { Openings } from '../authority/windows.ts'
import {
  openingsBetween,
  windowAt,
  type Opening,
  type SendingWindow,
  type WindowState,
} from '../core/sending-window.ts'

/** A window with the priorities that it binds, as the ledger numbers them. One-time codes are bound by none. */
export interface BoundWindow {
  readonly window: SendingWindow
  readonly priorities: readonly number[]
}

/** When messages of some countries and tenants may go. */
export interface WindowRule extends BoundWindow {
  readonly name: string
  /** ISO 3166-1 alpha-2; absent: all, numbers of no country among them. */
  readonly countries?: readonly string[]
  /** Absent: all. */
  readonly tenants?: readonly string[]
}

/** Whether the window is open at a moment; moments of the same opening are worked out once. */
export function createIsOpen(window: SendingWindow): (atMs: number) => boolean {
  let known: (WindowState & { readonly fromMs: number }) | undefined
  return (atMs) => {
    if (!known || atMs < known.fromMs || atMs >= known.untilMs)
      known = { ...windowAt(window, atMs), fromMs: atMs }
    return known.isOpen
  }
}

const HOUR_MS = 3_600_000
/** Openings are facts of the calendar; around the process' clock only to be few. */
const AROUND_MS = 48 * HOUR_MS

/** Openings of now and the days around, worked out once an hour. */
export function createOpenings(
  rules: readonly WindowRule[],
  own: BoundWindow | undefined,
  now: () => number = Date.now,
): () => Openings {
  let known: { readonly untilMs: number; readonly openings: Openings } | undefined
  return () => {
    const nowMs = now()
    if (known && nowMs < known.untilMs && nowMs >= known.untilMs - HOUR_MS) return known.openings
    const around = (window: SendingWindow): Opening[] =>
      openingsBetween(window, nowMs - AROUND_MS, nowMs + AROUND_MS)
    const windows = new Map(rules.map(({ name, window }) => [name, around(window)]))
    const openings: Openings = own
      ? { windows, own: { openings: around(own.window), priorities: own.priorities } }
      : { windows }
    known = { untilMs: nowMs + HOUR_MS, openings }
    return openings
  }
}
