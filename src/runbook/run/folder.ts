import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { lockUntil, tryLock, type HeldLock } from '../../process/file-lock.ts'
import { writePrivateFile } from '../../process/write-private-file.ts'
import { signalGroup } from './command.ts'
import type { EntryOf } from './entry.ts'

/** What another process asks of the runner that holds the folder. */
export type Request = { readonly kind: 'pause'; readonly why: string } | EntryOf<'approved'>

const INBOX_MAX = 100
const LOOK_MS = 300
const inbox = (folder: string): string => join(folder, 'inbox')
const groupFile = (folder: string): string => join(folder, 'running.json')

const lockFile = (folder: string): string => join(folder, 'lock')

/** Whether a runner has the folder. Any number may ask at once. */
export function isHeld(folder: string): boolean {
  if (!existsSync(lockFile(folder))) return false
  const lock = tryLock(lockFile(folder), 'shared')
  lock?.release()
  return lock === undefined
}

/**
 * `undefined` while another runner has the folder; outlasts somebody who only asks whether it is held. Released by
 * the kernel when its holder dies.
 */
export function lockFolder(folder: string): Promise<HeldLock | undefined> {
  mkdirSync(inbox(folder), { recursive: true, mode: 0o700 })
  return lockUntil(lockFile(folder), 'exclusive', Date.now() + LOOK_MS)
}

export function ask(folder: string, request: Request): void {
  mkdirSync(inbox(folder), { recursive: true, mode: 0o700 })
  const name = `${Date.now()}-${randomUUID()}.json`
  writePrivateFile(join(inbox(folder), name), JSON.stringify(request))
}

export interface Asked {
  readonly request: Request
  /** To be called when the request is in the journal. */
  readonly forget: () => void
}

/** The oldest requests; a file that is none is left alone. */
export function requests(folder: string): Asked[] {
  if (!existsSync(inbox(folder))) return []
  const names = readdirSync(inbox(folder)).filter((name) => name.endsWith('.json'))
  return names
    .sort()
    .slice(0, INBOX_MAX)
    .flatMap((name) => {
      const file = join(inbox(folder), name)
      const request = readRequest(file)
      return request ? [{ request, forget: () => rmSync(file, { force: true }) }] : []
    })
}

function readRequest(file: string): Request | null {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (typeof value !== 'object' || value === null || !('kind' in value)) return null
    return value.kind === 'pause' || value.kind === 'approved' ? (value as Request) : null
  } catch {
    return null
  }
}

interface Group {
  readonly group: number
  readonly boot: string
}

export function noteGroup(folder: string, group: number | null): void {
  if (group === null) rmSync(groupFile(folder), { force: true })
  else writePrivateFile(groupFile(folder), JSON.stringify({ group, boot: bootId() } satisfies Group))
}

/** The process group an earlier runner left running; null when there is none. */
export function leftoverGroup(folder: string): number | null {
  if (!existsSync(groupFile(folder))) return null
  try {
    const { group, boot } = JSON.parse(readFileSync(groupFile(folder), 'utf8')) as Group
    return boot === bootId() && lives(group) ? group : null
  } catch {
    return null
  }
}

/** A process that has ended and that nobody waits for still has its number; it does nothing any more. */
function lives(group: number): boolean {
  if (!signalGroup(group, 0)) return false
  if (!existsSync('/proc/self/stat')) return true
  return readdirSync('/proc').some((name) => /^\d+$/.test(name) && isAtWork(name, group))
}

function isAtWork(pid: string, group: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const [state = '', , itsGroup = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return Number(itsGroup) === group && !/[ZX]/.test(state)
  } catch {
    return false // it ended meanwhile
  }
}

/** Numbers of processes begin again with each start of the machine. */
function bootId(): string {
  const file = '/proc/sys/kernel/random/boot_id'
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : ''
}
