// One run of a program as an OS process: from its spawn to its end.
import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

export interface ChildRun {
  readonly pid: number | undefined
  readonly hasEnded: () => boolean
  /** Resolves when the process is gone and its output is read: how it ended, in words. */
  readonly ended: Promise<Ending>
  readonly kill: (signal: 'SIGTERM' | 'SIGKILL') => void
  /** SIGTERM now, SIGKILL at the bound. */
  readonly endWithin: (timeoutMs: number, onLate: () => void) => void
  /** The last lines it wrote. */
  readonly lastLines: () => readonly string[]
}

export interface Ending {
  readonly code: number | null
  readonly how: string
}

const LAST_LINES_MAX = 12

/**
 * The child leads a session of its own, so that a terminal's Ctrl-C reaches the supervisor only. It has an ipc
 * channel, whose end tells it that the supervisor is gone.
 */
export function runChild(options: {
  readonly file: string
  readonly environment: Readonly<Record<string, string>>
  readonly onLine: (line: string) => void
}): ChildRun {
  const { file, environment, onLine } = options
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file], {
    detached: true,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const last: string[] = []
  const keep = (line: string): void => {
    last.push(line)
    if (last.length > LAST_LINES_MAX) last.shift()
    onLine(line)
  }
  for (const stream of [child.stdout, child.stderr]) if (stream) readLines(stream, keep)
  let over = false
  const ended = endOf(child).then((ending) => {
    over = true
    return ending
  })
  const hasEnded = (): boolean => over || child.exitCode !== null || child.signalCode !== null
  return {
    pid: child.pid,
    hasEnded,
    ended,
    kill: (signal) => void child.kill(signal),
    endWithin(timeoutMs, onLate) {
      if (hasEnded()) return
      child.kill('SIGTERM')
      const timer = setTimeout(() => {
        onLate()
        child.kill('SIGKILL')
      }, timeoutMs)
      void ended.then(() => clearTimeout(timer))
    },
    lastLines: () => last,
  }
}

function readLines(stream: Readable, onLine: (line: string) => void): void {
  createInterface({ input: stream, crlfDelay: Infinity }).on('line', onLine)
}

function endOf(child: ChildProcess): Promise<Ending> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      if (child.pid === undefined) resolve({ code: null, how: `could not be run: ${error.message}` })
    })
    child.once('close', (code, signal) => {
      resolve({ code, how: signal === null ? `ended with exit code ${code}` : `was ended by ${signal}` })
    })
  })
}
