import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { writePrivateFile } from '../../process/write-private-file.ts'
import { sha256 } from '../program/digest.ts'
import { BEGINNING, makeLine, readChain, type Chain, type Head, type Line } from './chain.ts'
import type { Entry } from './entry.ts'

export interface Journal {
  /** Returns when the entry is on the disk. Throws `JournalFault`; after that nothing is appended any more. */
  readonly append: (entry: Entry, at: number) => Line
  readonly close: () => void
}

/** An entry did not reach the disk: what was to follow it must not happen. */
export class JournalFault extends Error {
  override name = 'JournalFault'
  readonly code: string

  constructor(message: string, code: string, cause: unknown) {
    super(message, { cause })
    this.code = code
  }
}

export const journalFile = (folder: string): string => join(folder, 'journal.jsonl')
const headFile = (folder: string): string => join(folder, 'head.json')
const BYTES_MAX = 256 * 1024 * 1024
const READS_MAX = 20

/** Reads and verifies the journal of a folder; an absent one is empty. Changes nothing, and needs no lock. */
export function loadChain(folder: string): Chain {
  for (let tries = 0; ; tries++) {
    const head = readHead(folder)
    const bytes = existsSync(journalFile(folder)) ? readFileSync(journalFile(folder)) : Buffer.alloc(0)
    // A runner may be writing: lines and head belong together only when the head is still the same.
    if (tries < READS_MAX && !isSame(head, readHead(folder))) continue
    if (head === 'unreadable') return { kind: 'broken', why: 'its head cannot be read' }
    if (bytes.length > BYTES_MAX) return { kind: 'broken', why: `it is too long: ${bytes.length} bytes` }
    return readChain(bytes, head)
  }
}

type ReadHead = Head | null | 'unreadable'

function isSame(a: ReadHead, b: ReadHead): boolean {
  if (a === null || b === null || a === 'unreadable' || b === 'unreadable') return a === b
  return a.seq === b.seq && a.hash === b.hash
}

function readHead(folder: string): ReadHead {
  if (!existsSync(headFile(folder))) return null
  try {
    const head: unknown = JSON.parse(readFileSync(headFile(folder), 'utf8'))
    const isHead = typeof head === 'object' && head !== null && 'seq' in head && 'hash' in head
    return isHead && Number.isInteger(head.seq) ? (head as Head) : 'unreadable'
  } catch {
    return 'unreadable'
  }
}

/** Opens a verified journal for appending. The holder of the folder's lock alone may. */
export function openJournal(folder: string, chain: Extract<Chain, { kind: 'sound' }>, at: number): Journal {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const descriptor = openSync(journalFile(folder), 'a+', 0o600)
  let head: Head = chain.lines.at(-1) ?? BEGINNING
  let fault: JournalFault | null = null
  const append = (entry: Entry, when: number): Line => {
    if (fault) throw fault
    const line = makeLine(head, when, entry)
    try {
      write(descriptor, `${JSON.stringify(line)}\n`)
      head = { seq: line.seq, hash: line.hash }
      writePrivateFile(headFile(folder), `${JSON.stringify(head)}\n`)
    } catch (error) {
      fault = faultOf(folder, entry, error)
      throw fault
    }
    return line
  }
  if (head.seq > 0 || chain.torn)
    writePrivateFile(headFile(folder), JSON.stringify({ seq: head.seq, hash: head.hash }))
  if (chain.torn) {
    cut(descriptor, chain.soundBytes)
    append({ kind: 'repaired', cut_bytes: chain.torn.length, cut_sha256: sha256(chain.torn) }, at)
  }
  fsyncFolder(folder)
  return { append, close: () => closeSync(descriptor) }
}

function write(descriptor: number, text: string): void {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at)
  fsyncSync(descriptor)
}

function cut(descriptor: number, length: number): void {
  if (fstatSync(descriptor).size > length) ftruncateSync(descriptor, length)
  fsyncSync(descriptor)
}

function fsyncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function faultOf(folder: string, entry: Entry, error: unknown): JournalFault {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  const what = code === 'ENOSPC' ? 'the disk is full' : `it cannot be written (${code})`
  return new JournalFault(
    `cannot record "${entry.kind}" in ${journalFile(folder)}: ${what}: nothing further is started: make room, then resume`,
    code,
    error,
  )
}

/** A journal that keeps nothing, for rehearsals. */
export function rehearsalJournal(): Journal {
  let head: Head = BEGINNING
  return {
    append: (entry, at) => {
      const line = makeLine(head, at, entry)
      head = line
      return line
    },
    close: () => {},
  }
}
