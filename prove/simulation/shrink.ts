import { runSchedule, type Run } from './run-schedule.ts'
import type { SourceModules } from './source-modules.ts'

const RUNS_MAX = 600

/** The same promise, whatever message it is about. */
const promiseOf = (violation: string): string => violation.split(':', 1)[0] ?? ''

/**
 * The fewest faults and actions with which the seed still breaks the promise it broke: delta debugging, halves first,
 * then ever smaller parts. Each fault is named by its place, so the others happen as they did.
 */
export async function shrink(modules: SourceModules, seed: number): Promise<Run> {
  const whole = await runSchedule({ modules, seed, isTold: true })
  const promise = promiseOf(whole.violations[0] ?? '')
  let runs = 0
  const fails = async (faults: readonly string[]): Promise<boolean> => {
    runs++
    const { violations } = await runSchedule({ modules, seed, kept: new Set(faults) })
    return violations.some((one) => promiseOf(one) === promise)
  }
  let faults = [...whole.faults]
  let parts = 2
  while (whole.violations.length > 0 && faults.length > 1 && runs < RUNS_MAX) {
    const size = Math.ceil(faults.length / parts)
    const smaller = await firstThatFails(faults, size, fails)
    if (smaller) {
      faults = smaller
      parts = Math.max(parts - 1, 2)
    } else if (size === 1) break
    else parts = Math.min(parts * 2, faults.length)
  }
  return runSchedule({ modules, seed, kept: new Set(faults), isTold: true })
}

/** Without one part of this size, or undefined when every part is needed. */
async function firstThatFails(
  faults: readonly string[],
  size: number,
  fails: (faults: readonly string[]) => Promise<boolean>,
): Promise<string[] | undefined> {
  for (let start = 0; start < faults.length; start += size) {
    const rest = [...faults.slice(0, start), ...faults.slice(start + size)]
    if (rest.length > 0 && (await fails(rest))) return rest
  }
  return undefined
}
