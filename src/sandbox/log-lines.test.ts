import assert from 'node:assert/strict'
import { mkdtemp, open, rm, writeFile, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { endOfLastLine, lineBlocks, offsetOfLast } from './log-lines.ts'

// Lines of uneven length, among them one of several blocks and two-byte characters across every cut.
const LINES = Array.from({ length: 6000 }, (_, index) => `${index}:${'é'.repeat((index * 37) % 211)}`)
LINES[3000] = `3000:${'é'.repeat(400_000)}`

describe('log lines', () => {
  let folder: string
  let file: FileHandle
  let size: number

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'baton-log-lines-'))
    await writeFile(join(folder, 'log'), `${LINES.join('\n')}\n`)
    file = await open(join(folder, 'log'), 'r')
    size = (await file.stat()).size
  })
  after(async () => {
    await file.close()
    await rm(folder, { recursive: true })
  })

  const linesFrom = async (start: number): Promise<string[]> => {
    const lines: string[] = []
    for await (const block of lineBlocks(file, start, size)) lines.push(...block)
    return lines
  }

  it('reads every line whole, across block borders', async () => {
    assert.ok(size > 3 * 256 * 1024)
    assert.deepEqual(await linesFrom(0), LINES)
  })

  it('finds the last n lines from behind', async () => {
    for (const count of [1, 2, 2999, 3000, 3001, 5999, 6000]) {
      const offset = await offsetOfLast(file, size, count, () => true)
      assert.deepEqual(await linesFrom(offset), LINES.slice(-count), String(count))
    }
    assert.equal(await offsetOfLast(file, size, 6001, () => true), 0)
  })

  it('counts only matching lines', async () => {
    const offset = await offsetOfLast(file, size, 3, (line) => Number(line.split(':')[0]) % 1000 === 0)
    assert.deepEqual(await linesFrom(offset), LINES.slice(3000))
  })

  it('gives nothing for an empty range', async () => {
    assert.deepEqual(await linesFrom(size), [])
    assert.equal(await offsetOfLast(file, 0, 5, () => true), 0)
  })

  it('finds the end of the last whole line, also behind a cut one of many blocks', async () => {
    assert.equal(await endOfLastLine(file, size), size)
    const long = size - 1
    assert.equal(await endOfLastLine(file, long), size - Buffer.byteLength(`${LINES.at(-1)}\n`))
    const inLongLine = await offsetOfLast(file, size, 2999, () => true)
    const startOfLong = await offsetOfLast(file, size, 3000, () => true)
    assert.equal(await endOfLastLine(file, inLongLine - 1), startOfLong)
    assert.equal(await endOfLastLine(file, 1), 0)
  })
})
