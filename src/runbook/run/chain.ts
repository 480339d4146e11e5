import { canonicalJson, sha256 } from '../program/digest.ts'
import type { Entry } from './entry.ts'

export interface Line {
  /** From 1, without a gap. */
  readonly seq: number
  /** Milliseconds since the epoch. */
  readonly at: number
  /** The hash of the line before; zeros before the first. */
  readonly prev: string
  readonly entry: Entry
  readonly hash: string
}

/** The newest line, kept apart from the journal so that a cut tail is noticed. */
export interface Head {
  readonly seq: number
  readonly hash: string
}

export const BEGINNING: Head = { seq: 0, hash: '0'.repeat(64) }

export function makeLine(head: Head, at: number, entry: Entry): Line {
  const body = { seq: head.seq + 1, at, prev: head.hash, entry }
  return { ...body, hash: sha256(canonicalJson(body)) }
}

export type Chain =
  | {
      readonly kind: 'sound'
      readonly lines: readonly Line[]
      /** Bytes of whole lines. */
      readonly soundBytes: number
      /** A last line whose writing was interrupted. */
      readonly torn: Buffer | null
    }
  | { readonly kind: 'broken'; readonly why: string }

/** Verifies a journal against its head. Only an unfinished last line, newer than the head, is no break. Pure. */
export function readChain(bytes: Buffer, head: Head | null): Chain {
  const end = bytes.lastIndexOf(0x0a) + 1
  const torn = end < bytes.length ? bytes.subarray(end) : null
  const texts =
    end === 0
      ? []
      : bytes
          .subarray(0, end - 1)
          .toString('utf8')
          .split('\n')
  const lines: Line[] = []
  let last = BEGINNING
  for (const [index, text] of texts.entries()) {
    const line = parseLine(text)
    if (!line) return { kind: 'broken', why: `line ${index + 1} cannot be read` }
    const { hash, ...body } = line
    if (line.seq !== last.seq + 1 || line.prev !== last.hash)
      return {
        kind: 'broken',
        why: `line ${index + 1} does not follow the one before: one was taken out, put in or moved`,
      }
    if (sha256(canonicalJson(body)) !== hash) return { kind: 'broken', why: `line ${index + 1} was changed` }
    lines.push(line)
    last = line
  }
  const why = againstHead(lines, torn !== null, head)
  return why === null ? { kind: 'sound', lines, soundBytes: end, torn } : { kind: 'broken', why }
}

function parseLine(text: string): Line | null {
  try {
    const line: unknown = JSON.parse(text)
    return typeof line === 'object' && line !== null && 'entry' in line && 'hash' in line
      ? (line as Line)
      : null
  } catch {
    return null
  }
}

function againstHead(lines: readonly Line[], isTorn: boolean, head: Head | null): string | null {
  const count = lines.length
  if (!head) return count <= 1 ? null : 'its head is missing'
  if (head.seq > count) return `its end was cut off: ${count} lines are left of ${head.seq}`
  if (head.seq < count - 1) return `its head is older than its last lines: line ${head.seq} of ${count}`
  if (head.seq === count - 1 && isTorn) return 'its head is older than a line that was followed by another'
  const named = lines[head.seq - 1]
  return head.seq === 0 || named?.hash === head.hash ? null : 'its head does not belong to it'
}
