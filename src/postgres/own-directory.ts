import { lstatSync } from 'node:fs'

/**
 * Whether a path in a place that others can write is a real directory that this user owns and nobody else
 * writes: another user may have put something there first.
 */
export function ownedByUs(path: string): boolean {
  const found = lstatSync(path)
  return found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0
}
