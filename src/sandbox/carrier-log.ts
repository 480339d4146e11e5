import { closeSync, fchmodSync, fstatSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Account } from './accounts.ts'
import { parseEntry, type CarrierEntry } from './carrier-entry.ts'
import { lineBlocks, offsetOfLast } from './log-lines.ts'
import { setTornEntryAside, type TornEntry } from './torn-entry.ts'

export interface LogQuery {
  readonly account?: Account
  readonly reference?: string
  /** ISO time in UTC with milliseconds; entries of that instant belong. */
  readonly since?: string
  /** Only the last so many of what matches. */
  readonly limit?: number
}

export interface CarrierLog {
  /** Present when the file ended in the middle of an entry. */
  readonly torn: TornEntry | null
  /** Returns when the entry is in the file, where it outlives the process. Throws when it is not in there. */
  readonly append: (entry: CarrierEntry) => void
  /** What the file holds at the time of the call, oldest first, in constant memory. */
  readonly read: (query: LogQuery) => AsyncGenerator<CarrierEntry[]>
  readonly close: () => void
}

/** It holds numbers and texts. */
const OWNER_ONLY = 0o600

export async function openCarrierLog(path: string): Promise<CarrierLog> {
  mkdirSync(dirname(path), { recursive: true })
  const descriptor = openSync(path, 'a', OWNER_ONLY)
  try {
    fchmodSync(descriptor, OWNER_ONLY) // also one that was made by an earlier version
    const torn = await setTornEntryAside(path)
    const appender = createAppender(descriptor)
    return {
      torn,
      append: appender.append,
      read: (query) => readEntries(path, appender.size(), query),
      close: () => closeSync(descriptor),
    }
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
}

/**
 * One synchronous write an entry: it goes to the page cache in a few microseconds, needs no queue, and the
 * caller cannot answer too early. A short write (a full disk) is cut off again, so no entry is ever glued.
 */
function createAppender(descriptor: number): { append: (entry: CarrierEntry) => void; size: () => number } {
  let size = fstatSync(descriptor).size
  const append = (entry: CarrierEntry): void => {
    const line = Buffer.from(`${JSON.stringify(entry)}\n`)
    const written = writeSync(descriptor, line)
    if (written < line.length) {
      ftruncateSync(descriptor, size)
      throw new Error(`cannot write the carrier's log: bytes written: ${written} of ${line.length}`)
    }
    size += written
  }
  return { append, size: () => size }
}

async function* readEntries(path: string, end: number, query: LogQuery): AsyncGenerator<CarrierEntry[]> {
  const matches = (entry: CarrierEntry): boolean => belongs(entry, query)
  const file = await open(path, 'r')
  try {
    const start =
      query.limit === undefined
        ? 0
        : await offsetOfLast(file, end, query.limit, (line) => matches(parseEntry(line)))
    for await (const lines of lineBlocks(file, start, end)) {
      const entries = lines.map(parseEntry).filter(matches)
      if (entries.length > 0) yield entries
    }
  } finally {
    await file.close()
  }
}

function belongs(entry: CarrierEntry, { account, reference, since }: LogQuery): boolean {
  return (
    (account === undefined || entry.account === account) &&
    (reference === undefined || entry.reference === reference) &&
    (since === undefined || entry.at >= since)
  )
}
