import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { temporaryDirectory } from '../postgres/cluster-fixture.ts'
import { lockUntil, tryLock } from './file-lock.ts'

/** Holds a lock in another process until that is killed. */
async function holdInProcess(t: TestContext, file: string, mode: string): Promise<() => Promise<void>> {
  const code = `
    const { tryLock } = await import(process.argv[1])
    console.log(tryLock(process.argv[2], process.argv[3]) ? 'held' : 'refused')
    setInterval(() => globalThis.gc(), 10)`
  const module = new URL('file-lock.ts', import.meta.url).href
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      '--expose-gc',
      '--input-type=module',
      '-e',
      code,
      module,
      file,
      mode,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  t.after(() => child.kill('SIGKILL'))
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  assert.equal(line.toString().trim(), 'held')
  return async () => {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
}

test('shared holders exclude an exclusive one and the other way round, in one process', (t) => {
  const file = join(temporaryDirectory(t), 'a lock')
  const shared = [tryLock(file, 'shared'), tryLock(file, 'shared')]
  assert.ok(shared.every((lock) => lock !== undefined))
  assert.equal(tryLock(file, 'exclusive'), undefined)
  shared[0]?.release()
  shared[0]?.release()
  assert.equal(tryLock(file, 'exclusive'), undefined)
  shared[1]?.release()
  const exclusive = tryLock(file, 'exclusive')
  assert.ok(exclusive)
  assert.equal(tryLock(file, 'shared'), undefined)
  assert.equal(tryLock(file, 'exclusive'), undefined)
  exclusive.release()
  tryLock(file, 'shared')?.release()
})

for (const mode of ['shared', 'exclusive'])
  test(`a ${mode} lock of another process holds though it is forgotten there, and ends with kill -9`, async (t) => {
    const file = join(temporaryDirectory(t), 'lock')
    const kill = await holdInProcess(t, file, mode)
    assert.equal(await lockUntil(file, 'exclusive', Date.now() + 150), undefined)
    const waiting = lockUntil(file, 'exclusive', Date.now() + 10_000)
    await kill()
    const lock = await waiting
    assert.ok(lock)
    lock.release()
  })
