// Whether a pid found in postmaster.pid is still the postmaster of that data directory. Pids are reused, so a
// pid by itself proves nothing: not that the server runs, and not that a signal reaches a server.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'

/**
 * `gone`: no such process. `postmaster`: of this data directory. `other`: surely something else, or a zombie.
 * `unknown`: a PostgreSQL server whose data directory this process may not learn.
 */
export type Identity = 'gone' | 'postmaster' | 'other' | 'unknown'

const isServerName = (name: string): boolean => name === 'postgres' || name === 'postmaster'

/** The data directory must be an absolute path without symbolic links in it. */
export function identifyProcess(pid: number, dataDirectory: string): Identity {
  if (!exists(pid)) return 'gone'
  return existsSync('/proc/self/stat') ? identifyByProc(pid, dataDirectory) : identifyByPs(pid, dataDirectory)
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // EPERM: there is one, of another user.
    return error instanceof Error && 'code' in error && error.code !== 'ESRCH'
  }
}

function identifyByProc(pid: number, dataDirectory: string): Identity {
  const stat = readOrUndefined(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
  const command = readOrUndefined(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
  if (stat === undefined || command === undefined) return 'gone'
  // The second field is a name in brackets that may hold anything, so count from its end.
  if (/^\) [ZX]/.test(stat.slice(stat.lastIndexOf(')')))) return 'other'
  const words = command.split('\0')
  if (!isServerName(basename(words[0] ?? ''))) return 'other'
  // A postmaster works in its data directory whatever its command line says.
  const workingDirectory = readOrUndefined(() => readlinkSync(`/proc/${pid}/cwd`))
  if (workingDirectory !== undefined) return workingDirectory === dataDirectory ? 'postmaster' : 'other'
  const given = words[words.indexOf('-D') + 1] ?? ''
  if (given === dataDirectory) return 'postmaster'
  return given.startsWith('/') ? 'other' : 'unknown'
}

/** For systems without /proc. A path may hold spaces, so the command line is searched, not split. */
export function identifyByPs(pid: number, dataDirectory: string): Identity {
  const ps = spawnSync('ps', ['-ww', '-o', 'state=', '-o', 'command=', '-p', String(pid)], {
    encoding: 'utf8',
    timeout: 5_000,
  })
  if (ps.error) return 'unknown'
  const [, state, command] = /^\s*(\S+)\s+(.*)$/.exec(ps.stdout.trimEnd()) ?? []
  if (state === undefined || command === undefined) return 'gone'
  if (state.startsWith('Z') || !/(^|\/)(postgres|postmaster)( |$)/.test(command)) return 'other'
  if (`${command} `.includes(` -D ${dataDirectory} `)) return 'postmaster'
  return command.includes(' -D /') ? 'other' : 'unknown'
}

function readOrUndefined(read: () => string): string | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
