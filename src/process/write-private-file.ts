import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'

const OWNER_ONLY = 0o600

/** Writes a file that only its owner reads, whole or not at all, also through a crash. */
export function writePrivateFile(path: string, text: string): void {
  const made = `${path}.${process.pid}.new`
  rmSync(made, { force: true }) // of a process of the same id that was killed
  const descriptor = openSync(made, 'wx', OWNER_ONLY)
  try {
    writeFileSync(descriptor, text)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  renameSync(made, path)
}
