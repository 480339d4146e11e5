// Gives a whole thread the simulated clock, timers and randomness. The production code reads the usual names; a
// thread of its own is to it what a machine is to a process, so nothing else runs here (ADR 70).
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import timersPromises from 'node:timers/promises'
import { uuidv7 } from 'uuidv7'

export interface SimulatedTime {
  /** Since the start, by the monotonic clock. */
  readonly nowMs: () => number
  /** By the wall clock of whoever asks. */
  readonly wallMs: () => number
  readonly setTimer: (run: () => void, delayMs: number) => { cancel(): void }
  readonly random: () => number
}

let active: SimulatedTime | undefined
let tokens = 0

interface Timer {
  cancel(): void
  ref(): Timer
  unref(): Timer
  hasRef(): boolean
}

/** From here on this thread lives in `time`; undefined: in the real one again. */
export function liveIn(time: SimulatedTime | undefined): void {
  active = undefined
  if (time) {
    // The generator of ids goes on from its last one; a clock that falls far back makes it begin anew.
    active = { ...time, wallMs: () => LONG_AGO_MS }
    uuidv7()
  }
  tokens = 0
  active = time
}

const LONG_AGO_MS = 1_000_000

function timerOf(scheduled: { cancel(): void }): Timer {
  const timer: Timer = {
    cancel: () => scheduled.cancel(),
    ref: () => timer,
    unref: () => timer,
    hasRef: () => true,
  }
  return timer
}

let isInstalled = false

export function installSimulatedTime(): void {
  if (isInstalled) return
  isInstalled = true
  replaceTimers()
  replaceClocks()
  replaceRandomness()
  syncBuiltinESMExports()
}

type Run = (...values: unknown[]) => void

function replaceTimers(): void {
  const real = { setTimeout, clearTimeout, setImmediate, sleep: timersPromises.setTimeout }
  const later = (run: Run, delayMs = 0, ...values: unknown[]) =>
    active
      ? timerOf(active.setTimer(() => run(...values), Number.isFinite(delayMs) ? delayMs : 0))
      : real.setTimeout(run, delayMs, ...values)
  const clear = (timer?: Timer | NodeJS.Timeout) => {
    if (timer && 'cancel' in timer) timer.cancel()
    else real.clearTimeout(timer)
  }
  const immediately = (run: Run, ...values: unknown[]) =>
    active ? timerOf(active.setTimer(() => run(...values), 0)) : real.setImmediate(run, ...values)
  const sleep = <Value>(
    delayMs?: number,
    value?: Value,
    options: { signal?: AbortSignal } = {},
  ): Promise<Value> =>
    active
      ? sleepIn(active, delayMs ?? 0, value as Value, options.signal)
      : real.sleep(delayMs, value, options)
  Object.assign(globalThis, { setTimeout: later, clearTimeout: clear, setImmediate: immediately })
  Object.assign(timersPromises, { setTimeout: sleep })
}

function sleepIn<Value>(
  time: SimulatedTime,
  delayMs: number,
  value: Value,
  signal: AbortSignal | undefined,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      timer.cancel()
      reject(new Error('sleep: aborted'))
    }
    const timer = time.setTimer(() => {
      signal?.removeEventListener('abort', abort)
      resolve(value)
    }, delayMs)
    if (signal?.aborted) abort()
    else signal?.addEventListener('abort', abort, { once: true })
  })
}

function replaceClocks(): void {
  const real = { now: performance.now.bind(performance), wall: Date.now }
  Object.defineProperty(performance, 'now', { value: () => (active ? active.nowMs() : real.now()) })
  Date.now = () => (active ? active.wallMs() : real.wall())
}

function replaceRandomness(): void {
  const random = Math.random
  const { randomUUID, randomInt } = crypto
  Math.random = () => (active ? active.random() : random())
  const replaced = {
    randomUUID: () =>
      active ? `00000000-0000-4000-8000-${(++tokens).toString(16).padStart(12, '0')}` : randomUUID(),
    randomInt: (low: number, high: number) =>
      active ? low + Math.floor(active.random() * (high - low)) : randomInt(low, high),
  }
  Object.assign(crypto, replaced)
  // Ids differ by time and counter alone; their random part would only hide the order.
  const fill = globalThis.crypto.getRandomValues.bind(globalThis.crypto)
  Object.defineProperty(globalThis.crypto, 'getRandomValues', {
    value: (numbers: Uint32Array<ArrayBuffer>) => (active ? numbers.fill(0) : fill(numbers)),
  })
}
