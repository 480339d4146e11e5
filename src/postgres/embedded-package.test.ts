import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { temporaryDirectory } from './cluster-fixture.ts'
import { copyPackage, makeLinks } from './embedded-package.ts'

const LIBRARIES = 200

/** A package as npm leaves it: libraries, a list of links, no link. */
function packageWithoutLinks(t: TestContext): string {
  const native = join(temporaryDirectory(t), 'native')
  mkdirSync(join(native, 'lib'), { recursive: true })
  const links = Array.from({ length: LIBRARIES }, (_, index) => {
    writeFileSync(join(native, 'lib', `lib${index}.so.6.1`), `library ${index}`, { mode: 0o600 })
    return { source: `native/lib/lib${index}.so.6.1`, target: `native/lib/lib${index}.so.6` }
  })
  writeFileSync(join(native, 'pg-symlinks.json'), JSON.stringify(links))
  return native
}

function assertLinked(native: string): void {
  for (let index = 0; index < LIBRARIES; index++)
    assert.equal(readFileSync(join(native, 'lib', `lib${index}.so.6`), 'utf8'), `library ${index}`)
  assert.equal(readdirSync(join(native, 'lib')).length, 2 * LIBRARIES, 'nothing else is left')
}

/** Calls a function of the module in that many processes at the same moment; gives what each returned. */
async function inProcesses(count: number, call: string): Promise<string[]> {
  const code = `const module = await import(process.argv[1]); console.log(JSON.stringify(${call} ?? null))`
  const module = new URL('embedded-package.ts', import.meta.url).href
  const runs = Array.from({ length: count }, async () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', code, module], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    const [exitCode] = (await once(child, 'close')) as [number]
    assert.equal(exitCode, 0)
    return JSON.parse(output) as string
  })
  return await Promise.all(runs)
}

test('makes the listed links, again without harm, and mends one that leads nowhere', (t) => {
  const native = packageWithoutLinks(t)
  symlinkSync('gone.so', join(native, 'lib', 'lib0.so.6'))
  makeLinks(native)
  assertLinked(native)
  assert.equal(
    readlinkSync(join(native, 'lib', 'lib0.so.6')),
    'lib0.so.6.1',
    'relative, so that the folder can be moved',
  )
  makeLinks(native)
  assertLinked(native)
})

test('two processes make the links at the same moment', async (t) => {
  const native = packageWithoutLinks(t)
  await inProcesses(2, `module.makeLinks(${JSON.stringify(native)})`)
  assertLinked(native)
})

test('refuses a link that leads out of the package', (t) => {
  const native = packageWithoutLinks(t)
  const outside = join(native, '..', 'outside.so')
  writeFileSync(
    join(native, 'pg-symlinks.json'),
    JSON.stringify([{ source: 'native/lib/lib0.so.6.1', target: 'outside.so' }]),
  )
  assert.throws(() => makeLinks(native), /outside the package: outside\.so/)
  assert.equal(existsSync(outside), false)
})

test('two processes copy the package at the same moment: one copy, complete and readable by all', async (t) => {
  const native = packageWithoutLinks(t)
  const parent = join(native, '..', 'copies')
  const found = JSON.stringify({ native, version: '1.2.3' })
  const [first, second] = await inProcesses(2, `module.copyPackage(${found}, ${JSON.stringify(parent)})`)
  assert.equal(first, second)
  assertLinked(first!)
  assert.equal(readdirSync(parent).length, 1)
  assert.equal(statSync(join(first!, 'lib', 'lib0.so.6.1')).mode & 0o777, 0o644)
})

test('never uses a copy that others can write', (t) => {
  const native = packageWithoutLinks(t)
  const parent = join(native, '..', 'copies')
  const copy = copyPackage({ native, version: '1.2.3' }, parent)
  chmodSync(join(copy, '..'), 0o777)
  assert.throws(
    () => copyPackage({ native, version: '1.2.3' }, parent),
    /not a directory that only this user writes/,
  )
})
