import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { ClusterError } from './cluster-error.ts'
import { identifyProcess } from './identify-process.ts'

const POLL_MS = 25
const AFTER_IMMEDIATE_MAX_MS = 5_000
const AFTER_KILL_MS = 5_000

/**
 * Stops the postmaster of that data directory: a fast shutdown (sessions end, everything is written), after
 * the timeout an immediate one, then a kill; the next start recovers from those. No signal goes to a process
 * that is not, at that moment, this postmaster. Idempotent.
 */
export async function stopServer(options: {
  readonly pid: number
  readonly dataDirectory: string
  readonly timeoutMs: number
  readonly log?: Logger
}): Promise<void> {
  const { pid, dataDirectory, timeoutMs, log } = options
  const steps = [
    { signal: 'SIGINT', waitMs: timeoutMs },
    { signal: 'SIGQUIT', waitMs: Math.min(timeoutMs, AFTER_IMMEDIATE_MAX_MS) },
    { signal: 'SIGKILL', waitMs: AFTER_KILL_MS },
  ] as const
  for (const { signal, waitMs } of steps) {
    if (signal !== 'SIGINT') log?.warn({ pid, signal }, 'PostgreSQL did not stop in time, stopping it harder')
    if (!sendTo(pid, dataDirectory, signal)) return
    if (await ended(pid, dataDirectory, Date.now() + waitMs)) return
  }
  throw new ClusterError(
    'stop_failed',
    `stop PostgreSQL: process ${pid} outlives SIGKILL: look at what it waits for`,
  )
}

function sendTo(pid: number, dataDirectory: string, signal: NodeJS.Signals): boolean {
  if (identifyProcess(pid, dataDirectory) !== 'postmaster') return false
  try {
    return process.kill(pid, signal)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
    throw error
  }
}

async function ended(pid: number, dataDirectory: string, deadline: number): Promise<boolean> {
  for (;;) {
    if (identifyProcess(pid, dataDirectory) !== 'postmaster') return true
    if (Date.now() >= deadline) return false
    await sleep(POLL_MS)
  }
}
