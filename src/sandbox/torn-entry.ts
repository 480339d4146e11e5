import { open } from 'node:fs/promises'
import { createReadStream, createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { endOfLastLine } from './log-lines.ts'

/** An entry whose write was cut: the vendor never answered for it, so it counts as not accepted. */
export interface TornEntry {
  readonly bytes: number
  readonly keptIn: string
}

/**
 * Moves a cut last line out of the log into `<log>.torn`, so that the next entry begins on a line of its own.
 * It copies before it cuts: a crash in between repeats the copy and loses nothing.
 */
export async function setTornEntryAside(logPath: string): Promise<TornEntry | null> {
  const file = await open(logPath, 'r+')
  try {
    const { size } = await file.stat()
    const end = await endOfLastLine(file, size)
    if (end === size) return null
    const keptIn = `${logPath}.torn`
    await pipeline(
      createReadStream(logPath, { start: end, end: size - 1 }),
      createWriteStream(keptIn, { flags: 'a', flush: true, mode: 0o600 }),
    )
    await file.truncate(end)
    return { bytes: size - end, keptIn }
  } finally {
    await file.close()
  }
}
