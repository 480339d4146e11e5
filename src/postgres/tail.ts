import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const TAIL_BYTES = 4_096

/** The end of a log, at most 4 KiB and nothing before `fromByte`; empty where it cannot be read. */
export function tailOf(file: string, fromByte = 0): string {
  let descriptor: number
  try {
    descriptor = openSync(file, 'r')
  } catch {
    return ''
  }
  try {
    const { size } = fstatSync(descriptor)
    const start = Math.max(fromByte, size - TAIL_BYTES)
    const buffer = Buffer.alloc(Math.max(0, size - start))
    const length = readSync(descriptor, buffer, 0, buffer.length, start)
    return buffer.toString('utf8', 0, length).trim()
  } finally {
    closeSync(descriptor)
  }
}
