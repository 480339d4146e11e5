import { createHash } from 'node:crypto'
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { OutputDigest } from './entry.ts'

const TEXT_BYTES_MAX = 1024 * 1024
const LINE_MAX = 400

/** One stream of a command: a digest of everything, the beginning as text. */
export interface Stream {
  readonly add: (chunk: Buffer) => void
  readonly digest: () => OutputDigest
  readonly text: () => string
  readonly isCut: () => boolean
}

export function openStream(): Stream {
  const hash = createHash('sha256')
  const kept: Buffer[] = []
  let bytes = 0
  let keptBytes = 0
  return {
    add: (chunk) => {
      hash.update(chunk)
      bytes += chunk.length
      const part = chunk.subarray(0, TEXT_BYTES_MAX - keptBytes)
      if (part.length > 0) kept.push(part)
      keptBytes += part.length
    },
    digest: () => ({ sha256: hash.copy().digest('hex'), bytes }),
    text: () => Buffer.concat(kept).toString('utf8'),
    isCut: () => bytes > keptBytes,
  }
}

/** The log of a command, bounded. A disk that takes no more costs the log, never the run. */
export interface OutputLog {
  readonly add: (chunk: Buffer) => void
  readonly close: () => void
}

export function openLog(file: string | null, bytesMax: number): OutputLog {
  let left = bytesMax
  let descriptor = file === null ? null : attempt(() => create(file))
  const close = (): void => {
    const open = descriptor
    descriptor = null
    if (open !== null) attempt(() => closeSync(open))
  }
  return {
    close,
    add: (chunk) => {
      const open = descriptor
      if (open === null) return
      const part = chunk.subarray(0, left)
      left -= part.length
      if (attempt(() => writeSync(open, part)) === null) close()
      else if (left <= 0) {
        attempt(() => writeSync(open, `\n[cut: the log is limited to ${bytesMax} bytes]\n`))
        close()
      }
    },
  }
}

function create(file: string): number {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  return openSync(file, 'w', 0o600)
}

function attempt<T>(work: () => T): T | null {
  try {
    return work()
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null
    throw error
  }
}

/** The last line with something in it, without control characters, for the view. */
export function lastLine(chunk: Buffer): string | null {
  const line = chunk
    .subarray(-4 * LINE_MAX)
    .toString('utf8')
    .split(/[\r\n]+/)
    .findLast((text) => text.trim() !== '')
  return line === undefined ? null : printable(line).slice(0, LINE_MAX)
}

/** What a command prints must not steer the terminal of whoever watches. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is taken out
  return text.replaceAll(/\u001b\[[0-9;?]*[ -/]*[@-~]|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '')
}
