import type { FileHandle } from 'node:fs/promises'

const BLOCK_BYTES = 256 * 1024
const NEWLINE = 0x0a

async function readRange(file: FileHandle, start: number, end: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(end - start)
  let filled = 0
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, start + filled)
    if (bytesRead === 0) throw new Error(`cannot read the carrier's log: it ends before byte: ${end}`)
    filled += bytesRead
  }
  return buffer
}

/**
 * The lines between two line starts, a block's worth at a time. Holds one block and one line, however long
 * the file; `end` is where a line begins or the file ends.
 */
export async function* lineBlocks(file: FileHandle, start: number, end: number): AsyncGenerator<string[]> {
  let carry: Buffer = Buffer.alloc(0)
  for (let position = start; position < end; position += BLOCK_BYTES) {
    const block = await readRange(file, position, Math.min(end, position + BLOCK_BYTES))
    const bytes = carry.length > 0 ? Buffer.concat([carry, block]) : block
    const cut = bytes.lastIndexOf(NEWLINE)
    carry = bytes.subarray(cut + 1)
    if (cut > 0) yield bytes.toString('utf8', 0, cut).split('\n')
  }
}

/**
 * Where the last `count` matching lines before `end` begin; 0 when there are fewer. Reads backwards, so a
 * short look at the end of a long log stays short.
 */
export async function offsetOfLast(
  file: FileHandle,
  end: number,
  count: number,
  matches: (line: string) => boolean,
): Promise<number> {
  let missing = count
  let carry: Buffer = Buffer.alloc(0)
  for (let position = end; position > 0; position -= BLOCK_BYTES) {
    const start = Math.max(0, position - BLOCK_BYTES)
    const bytes = Buffer.concat([await readRange(file, start, position), carry])
    let lineEnd = bytes.length - 1
    while (lineEnd >= 0) {
      const newline = lineEnd === 0 ? -1 : bytes.lastIndexOf(NEWLINE, lineEnd - 1)
      if (newline === -1 && start > 0) break // the line begins in an earlier block
      if (matches(bytes.toString('utf8', newline + 1, lineEnd))) missing--
      if (missing === 0) return start + newline + 1
      lineEnd = newline
    }
    carry = bytes.subarray(0, lineEnd + 1)
  }
  return 0
}

/** Where the file's last whole line ends: its size, unless a write was cut. */
export async function endOfLastLine(file: FileHandle, size: number): Promise<number> {
  for (let position = size; position > 0; position -= BLOCK_BYTES) {
    const start = Math.max(0, position - BLOCK_BYTES)
    const newline = (await readRange(file, start, position)).lastIndexOf(NEWLINE)
    if (newline !== -1) return start + newline + 1
  }
  return 0
}
