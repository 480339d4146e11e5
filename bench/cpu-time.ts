import { existsSync, readFileSync, readdirSync } from 'node:fs'

// The unit of /proc/PID/stat, which Linux keeps at 100 a second whatever the kernel's own tick is.
const TICK_MICROSECONDS = 10_000

const hasProc = existsSync('/proc/self/stat')

interface Stat {
  readonly parent: number
  readonly ownTicks: number
  /** Of children that have ended and were waited for. */
  readonly endedTicks: number
}

function readStat(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name in parentheses and may hold anything.
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
    const [, parent = 0] = fields
    const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15)
    return { parent, ownTicks: user + system, endedTicks: endedUser + endedSystem }
  } catch {
    return undefined // it has ended
  }
}

/** CPU time of a process and its children in microseconds, user and system; NaN where the system has no /proc. */
export function cpuMicroseconds(pid: number): number {
  if (!hasProc) return Number.NaN
  const self = readStat(pid)
  if (!self) return Number.NaN
  let ticks = self.ownTicks + self.endedTicks
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = readStat(Number(name))
    if (stat?.parent === pid) ticks += stat.ownTicks + stat.endedTicks
  }
  return ticks * TICK_MICROSECONDS
}
