// postmaster.pid, PostgreSQL's own lock file in a data directory. Its lines: pid, data directory, start
// (epoch seconds), port, socket directory, listen address, shared memory key and id, status. A server that
// starts writes the first lines at once and the others as it gets there.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface PostmasterFile {
  readonly pid: number
  readonly port: number | undefined
  /** `starting`, `ready`, `stopping`, `standby`, or empty while the server has not come that far. */
  readonly status: string
}

export const postmasterFilePath = (dataDirectory: string): string => join(dataDirectory, 'postmaster.pid')

/** `empty` where the text names no process: a server is about to write it, or died at that instant. */
export function parsePostmasterFile(text: string): PostmasterFile | 'empty' {
  const lines = text.split('\n').map((line) => line.trim())
  // A single-user server writes its pid negative.
  const pid = Math.abs(Number(lines[0]))
  if (!lines[0] || !Number.isSafeInteger(pid) || pid === 0) return 'empty'
  const port = Number(lines[3])
  return { pid, port: port > 0 && port < 65_536 ? port : undefined, status: lines[7] ?? '' }
}

export function readPostmasterFile(dataDirectory: string): PostmasterFile | 'empty' | 'absent' {
  try {
    return parsePostmasterFile(readFileSync(postmasterFilePath(dataDirectory), 'utf8'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'absent'
    throw error
  }
}
