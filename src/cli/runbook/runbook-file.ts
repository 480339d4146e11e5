import { createHash, randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { access, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

const BYTES_MAX = 64 * 1024 * 1024

/** Why a runbook cannot be read or written; the message says what to do. */
export class RunbookFileError extends Error {
  override name = 'RunbookFileError'
}

export interface RunbookFile {
  readonly path: string
  readonly text: string
  readonly digest: string
}

/** Reads a file, or standard input for `-`. Refuses what is not text in UTF-8. */
export async function readRunbook(path: string, stdin: AsyncIterable<Buffer>): Promise<RunbookFile> {
  const bytes = path === '-' ? await collect(stdin) : await readBytes(path)
  if (bytes.length > BYTES_MAX)
    throw new RunbookFileError(`cannot read ${path}: ${bytes.length} bytes: the limit is ${BYTES_MAX}`)
  return { path, text: decode(path, bytes), digest: digestOf(bytes) }
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    const { size } = await stat(path)
    if (size > BYTES_MAX)
      throw new RunbookFileError(`cannot read ${path}: ${size} bytes: the limit is ${BYTES_MAX}`)
    return await readFile(path)
  } catch (error) {
    if (error instanceof RunbookFileError) throw error
    throw new RunbookFileError(
      `cannot read ${path}: ${reasonOf(error)}: name a Markdown file that exists, or - for standard input`,
      { cause: error },
    )
  }
}

async function collect(stdin: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stdin) {
    length += chunk.length
    if (length > BYTES_MAX)
      throw new RunbookFileError(`cannot read standard input: more than ${BYTES_MAX} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function decode(path: string, bytes: Buffer): string {
  const zero = bytes.indexOf(0)
  if (zero >= 0)
    throw new RunbookFileError(
      `cannot read ${path}: a zero byte at offset ${zero}: this is a binary file, not Markdown`,
    )
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    throw new RunbookFileError(`cannot read ${path}: not valid UTF-8: convert it to UTF-8 first`, {
      cause: error,
    })
  }
}

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && 'code' in error) return String(error.code)
  return error instanceof Error ? error.message : String(error)
}

/**
 * Replaces the file in one step: written beside it, flushed, renamed over it. Refuses when the file is read-only or
 * is no longer what was read.
 */
export async function writeRunbook(file: RunbookFile, text: string): Promise<void> {
  const path = await realpath(file.path)
  const mode = (await stat(path)).mode
  await access(path, constants.W_OK).catch((error: unknown) => refuse(file.path, error))
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`)
  try {
    const handle = await open(temporary, 'wx', mode & 0o777)
    try {
      await handle.writeFile(text, 'utf8')
      await handle.sync()
    } finally {
      await handle.close()
    }
    if (digestOf(await readFile(path)) !== file.digest)
      throw new RunbookFileError(
        `cannot write ${file.path}: it changed while it was being hardened: run the command again`,
      )
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    if (error instanceof RunbookFileError) throw error
    throw new RunbookFileError(
      `cannot write ${file.path}: ${reasonOf(error)}: make the file and its folder writable`,
      { cause: error },
    )
  }
}

function refuse(path: string, error: unknown): never {
  throw new RunbookFileError(
    `cannot write ${path}: ${typeof error === 'string' ? error : reasonOf(error)}: make the file writable`,
  )
}

export async function writeUndo(path: string, patch: string): Promise<void> {
  try {
    const handle = await open(path, 'w')
    try {
      await handle.writeFile(patch, 'utf8')
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw new RunbookFileError(
      `cannot write the undo patch ${path}: ${reasonOf(error)}: name a file in a folder that can be written`,
      { cause: error },
    )
  }
}
