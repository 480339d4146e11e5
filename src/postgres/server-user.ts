// PostgreSQL refuses to run as root. Where this process is root, the server runs as another user, who must be
// able to reach its binaries and its data.
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'

export interface ServerUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

export const isRoot = (): boolean => process.getuid?.() === 0

/**
 * The user to run the server as; `undefined` where this process is not root and is that user itself.
 * Data that exists already keeps its owner.
 */
export function findServerUser(dataDirectory?: string): ServerUser | undefined {
  if (!isRoot()) return undefined
  if (dataDirectory !== undefined && existsSync(dataDirectory)) {
    const { uid, gid } = statSync(dataDirectory)
    if (uid !== 0) return { name: `uid ${uid}`, uid, gid }
  }
  return lookUp('postgres') ?? lookUp('nobody') ?? { name: 'nobody', uid: 65_534, gid: 65_534 }
}

function lookUp(name: string): ServerUser | undefined {
  const [uid, gid] = ['-u', '-g'].map((flag) => {
    const { status, stdout } = spawnSync('id', [flag, name], { encoding: 'utf8', timeout: 5_000 })
    return status === 0 ? Number(stdout.trim()) : Number.NaN
  })
  if (!uid || !gid) return undefined // NaN: no such user; 0: root under another name
  return { name, uid, gid }
}

/** Options for spawn. It takes ids as signed, and some systems give `nobody` the id -2. */
export function runAs(user: ServerUser | undefined): { uid?: number; gid?: number } {
  return user ? { uid: user.uid | 0, gid: user.gid | 0 } : {}
}

/** Asks the kernel, as that user: mode bits alone do not tell what an access list or a mount forbids. */
export function canEnter(directory: string, user: ServerUser | undefined): boolean {
  const { status } = spawnSync('/bin/sh', ['-c', 'cd -- "$0"', directory], {
    cwd: '/',
    stdio: 'ignore',
    timeout: 5_000,
    ...runAs(user),
  })
  return status === 0
}
