// Heads of the evidence, written down outside the databases: what a cut tail is found by.
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Head } from './evidence.ts'

export const keptHeadsOf = (directory: string): string => join(directory, 'evidence-heads')

/** Adds a line `SEQ HASH`; the file only ever grows. */
export function keepHead(path: string, { seq, hash }: Head): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  appendFileSync(path, `${seq} ${hash}\n`, { mode: 0o600 })
}

/** Throws when a line is no head: a file that was tampered with must not pass for an empty one. */
export function readKeptHeads(path: string): Head[] {
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
  return lines.map((line, index) => {
    const [, seq, hash] = /^(\d{1,15}) ([0-9a-f]{64})$/.exec(line) ?? []
    if (seq === undefined || hash === undefined)
      throw new Error(`${path}: line ${index + 1}: is no head: ${line}`)
    return { seq: Number(seq), hash }
  })
}
