// One command in a process group of its own. The group's first process waits for a word on descriptor 3, so that
// nothing runs before the group's number is written down; afterwards a watcher in the group reads the same
// descriptor and kills the whole group when this process dies, also by kill -9.
import { spawn, type ChildProcess } from 'node:child_process'
import type { Duplex } from 'node:stream'
import type { Runnable } from '../program/block.ts'
import type { CommandResult } from './machine-state.ts'
import { lastLine, openLog, openStream } from './output.ts'

const LEADER = `
read -r go <&3 || exit 125
trap : TERM INT HUP
( trap '' TERM INT HUP; read -r end <&3; kill -KILL 0 ) >/dev/null 2>&1 &
"$1" $2 -c "$3" 3<&-
exit $?
`
const LOG_BYTES_MAX = 1024 * 1024
const CLOSE_MS = 1000

export interface CommandPlace {
  readonly folder: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly logFile: string | null
  /** From SIGTERM to SIGKILL. */
  readonly graceMs: number
  /** Writes the group's number down before anything runs in it; `null` when it is gone. */
  readonly noteGroup: (group: number | null) => void
  readonly onLine: (line: string) => void
}

export interface Running {
  readonly done: Promise<CommandResult>
  /** Ends the whole group: SIGTERM, then SIGKILL after the grace. Idempotent. */
  readonly kill: () => void
}

/** Starts a block's command; standard input is empty. Never throws: what cannot start is a result. */
export function startCommand(block: Runnable, timeoutMs: number, place: CommandPlace): Running {
  const startedAt = performance.now()
  const streams = { out: openStream(), err: openStream() }
  const log = openLog(place.logFile, LOG_BYTES_MAX)
  const child = spawnLeader(block, place)
  if (typeof child === 'string')
    return { done: Promise.resolve({ ...unstartable, problem: child }), kill: () => {} }
  for (const [stream, sink] of [
    [child.stdout, streams.out],
    [child.stderr, streams.err],
  ] as const)
    stream?.on('data', (chunk: Buffer) => {
      sink.add(chunk)
      log.add(chunk)
      const line = lastLine(chunk)
      if (line !== null) place.onLine(line)
    })
  const ending = endGroup(child, place.graceMs)
  const timer = setTimeout(() => ending.end('timeout'), timeoutMs)
  const done = follow(child, place).then((end): CommandResult => {
    clearTimeout(timer)
    ending.finish()
    log.close()
    const { out, err } = streams
    return {
      ...end,
      outcome: end.outcome === 'unstartable' ? end.outcome : (ending.why() ?? end.outcome),
      durationMs: Math.round(performance.now() - startedAt),
      stdout: out.digest(),
      stderr: err.digest(),
      text: out.text(),
      isCut: out.isCut(),
    }
  })
  return { done, kill: () => ending.end('killed') }
}

/** The error's code when the system refuses, for one because environment and command are too long together. */
function spawnLeader(block: Runnable, { folder, environment }: CommandPlace): ChildProcess | string {
  try {
    return spawn('/bin/sh', ['-c', LEADER, 'runbook', block.shell, shellOptions(block), block.text], {
      cwd: folder,
      env: { ...environment },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    })
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code)
    throw error
  }
}

function problemOf(error: unknown): string {
  if (error instanceof Error && 'code' in error) return String(error.code)
  return error instanceof Error ? error.message : String(error)
}

const nothing = openStream().digest()
const unstartable: CommandResult = {
  outcome: 'unstartable',
  code: null,
  signal: null,
  durationMs: 0,
  stdout: nothing,
  stderr: nothing,
  text: '',
  isCut: false,
  problem: null,
}

/** A block stops at its first failing command and at a variable that is not set. */
function shellOptions({ shell }: Runnable): string {
  return shell === 'sh' ? '-eu' : '-eu -o pipefail'
}

type End = Pick<CommandResult, 'outcome' | 'code' | 'signal' | 'problem'>

/** Follows a command to its end: until its first process is gone and its output is read, for a bounded time. */
function follow(child: ChildProcess, place: CommandPlace): Promise<End> {
  const { promise, resolve } = Promise.withResolvers<End>()
  const word = child.stdio[3] as Duplex | undefined
  word?.on('error', () => {}) // the group may be gone before it has read its word
  let end: End = { outcome: 'unstartable', code: null, signal: null, problem: null }
  let isStarted = false
  let bound: NodeJS.Timeout | undefined
  const finish = (): void => {
    clearTimeout(bound)
    place.noteGroup(null)
    resolve(end)
  }
  child.once('spawn', () => {
    try {
      place.noteGroup(child.pid ?? null)
      word?.write('go\n')
      isStarted = true
    } catch (error) {
      end = { ...end, problem: `its process group cannot be written down: ${problemOf(error)}` }
      word?.destroy() // a group nobody could find again must not run: its leader ends without having had its word
    }
  })
  child.once('error', (error) => {
    end = { ...end, problem: problemOf(error) }
    finish()
  })
  child.once('exit', (code, signal) => {
    if (isStarted) end = { outcome: signal === null ? 'exited' : 'signal', code, signal, problem: null }
    signalGroup(child.pid, 'SIGKILL') // what a command leaves behind ends with it
    word?.destroy()
    bound = setTimeout(() => {
      for (const stream of child.stdio) stream?.destroy()
    }, CLOSE_MS)
  })
  child.once('close', finish)
  return promise
}

function endGroup(child: ChildProcess, graceMs: number) {
  let reason: 'timeout' | 'killed' | null = null
  let timer: NodeJS.Timeout | null = null
  return {
    why: () => reason,
    finish: () => void (timer && clearTimeout(timer)),
    end: (wanted: 'timeout' | 'killed') => {
      if (reason !== null || child.exitCode !== null) return
      reason = wanted
      signalGroup(child.pid, 'SIGTERM')
      timer = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), graceMs)
    },
  }
}

export function signalGroup(group: number | undefined, signal: NodeJS.Signals | 0): boolean {
  if (group === undefined || group <= 1) return false
  try {
    process.kill(-group, signal)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EPERM') return true
    return false
  }
}
