/**
 * Times of day at which messages may go, by the wall clock of a zone. Open is what the clock on the wall says: in
 * the hour that a zone repeats in autumn a window is open twice, and what a zone skips in spring never comes.
 */
export interface SendingWindow {
  /** IANA name, for example `Europe/Berlin`. */
  readonly zone: string
  /** Minutes since midnight; `toMinute` is exclusive. Past midnight where `from` is the later; equal: all day. */
  readonly fromMinute: number
  readonly toMinute: number
}

/** `untilMs`: when that changes; infinite where it never does. In ms since the epoch. */
export interface WindowState {
  readonly isOpen: boolean
  readonly untilMs: number
}

export interface Opening {
  readonly opensMs: number
  /** Exclusive. */
  readonly closesMs: number
}

const MINUTE_MS = 60_000
const DAY_MINUTES = 1_440
/** A zone changes its clock a few times a year: between two of them a window opens and shuts each day. */
const TRANSITIONS_MAX = 8

/** Whether this is a zone that the runtime knows. */
export function isZone(zone: string): boolean {
  try {
    return Intl.DateTimeFormat('en-GB', { timeZone: zone }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

/** Whether the window is open at a moment, and until when. */
export function windowAt(window: SendingWindow, atMs: number): WindowState {
  const isOpen = isOpenAt(window, atMs)
  if (window.fromMinute === window.toMinute) return { isOpen, untilMs: Number.POSITIVE_INFINITY }
  let fromMs = Math.floor(atMs / MINUTE_MS) * MINUTE_MS
  for (let turn = 0; turn < TRANSITIONS_MAX; turn++) {
    const boundaryMs = fromMs + minutesToBoundary(window, fromMs) * MINUTE_MS
    const changeMs = clockChange(window.zone, fromMs, boundaryMs) ?? boundaryMs
    if (isOpenAt(window, changeMs) !== isOpen) return { isOpen, untilMs: changeMs }
    fromMs = changeMs
  }
  throw new Error(
    `window: the clock of ${window.zone} changes too often after ${new Date(atMs).toISOString()}`,
  )
}

/** The openings that touch this stretch of time, in order. */
export function openingsBetween(window: SendingWindow, fromMs: number, toMs: number): Opening[] {
  const openings: Opening[] = []
  let atMs = fromMs
  while (atMs < toMs) {
    const { isOpen, untilMs } = windowAt(window, atMs)
    if (isOpen) openings.push({ opensMs: atMs, closesMs: untilMs })
    atMs = untilMs
  }
  return openings
}

function isOpenAt({ zone, fromMinute, toMinute }: SendingWindow, atMs: number): boolean {
  if (fromMinute === toMinute) return true
  const minute = minuteOfDay(zone, atMs)
  return fromMinute < toMinute
    ? minute >= fromMinute && minute < toMinute
    : minute >= fromMinute || minute < toMinute
}

/** 1 to 1,440: as long as the clock on the wall goes on evenly. */
function minutesToBoundary({ zone, fromMinute, toMinute }: SendingWindow, atMs: number): number {
  const minute = minuteOfDay(zone, atMs)
  const until = (boundary: number) => (boundary - minute + DAY_MINUTES) % DAY_MINUTES || DAY_MINUTES
  return Math.min(until(fromMinute), until(toMinute))
}

/** The minute at which the zone's clock changes after `fromMs` and not after `toMs`, if it does. */
function clockChange(zone: string, fromMs: number, toMs: number): number | undefined {
  const before = offsetMinutes(zone, fromMs)
  if (offsetMinutes(zone, toMs) === before) return undefined
  let [low, high] = [fromMs / MINUTE_MS, toMs / MINUTE_MS]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (offsetMinutes(zone, middle * MINUTE_MS) === before) low = middle
    else high = middle
  }
  return high * MINUTE_MS
}

function minuteOfDay(zone: string, atMs: number): number {
  const utcMinute = Math.floor(atMs / MINUTE_MS)
  return (((utcMinute + offsetMinutes(zone, atMs)) % DAY_MINUTES) + DAY_MINUTES) % DAY_MINUTES
}

const formats = new Map<string, Intl.DateTimeFormat>()

function offsetMinutes(zone: string, atMs: number): number {
  let format = formats.get(zone)
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
    formats.set(zone, format)
  }
  const name = format.formatToParts(atMs).find(({ type }) => type === 'timeZoneName')?.value ?? ''
  const [, sign = '+', hours = '0', minutes = '0'] = /GMT([+-])(\d{2}):(\d{2})/.exec(name) ?? []
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
}
