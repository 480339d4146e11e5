// The verbs as an operator types them: exit codes, JSON lines, signals to a real process.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { block, effectsIn, effectStep, gate, temporaryFolder } from '../../../test/support/runbooks.ts'
import { runbookCommand } from './index.ts'

const program = join(import.meta.dirname, '..', '..', '..', 'bin', 'baton.ts')

function folderWith(text: string): string {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'book.md'), text)
  return folder
}

async function type(folder: string, ...args: string[]) {
  const result = { out: '', err: '', code: -1 }
  await runbookCommand({
    stdin: process.stdin,
    out: (text) => void (result.out += text),
    err: (text) => void (result.err += text),
    exit: (code) => void (result.code = code),
    environment: { PATH: process.env['PATH'] },
    workingDirectory: folder,
    isLive: false,
    columns: () => 80,
    onSignal: () => {},
    onOrphaned: () => {},
  }).parseAsync(args, { from: 'user' })
  return result
}

test('a whole run: plan, rehearsal, execution, waiting, approval, status, rollback', async () => {
  const folder = folderWith(
    gate('pre', 'true') +
      effectStep('one') +
      block({ name: 'ok', baton: 'approval', timeout: '0s' }, 'Yes.') +
      effectStep('two'),
  )
  const planned = await type(folder, 'plan', 'book.md', '--out', 'plan.json')
  assert.deepEqual([planned.code, planned.err], [0, ''])
  assert.match(
    planned.out,
    /1\. gate pre[\s\S]*2\. step one[\s\S]*taken back by un-one[\s\S]*3\. approval ok[\s\S]*document [0-9a-f]{16}/,
  )
  const rehearsed = await type(folder, 'run', 'book.md')
  assert.equal(rehearsed.code, 0)
  assert.match(rehearsed.out, /one: step only logged[\s\S]*rehearsed: nothing was changed/)
  assert.deepEqual(effectsIn(folder), [])
  const waiting = await type(folder, 'run', 'book.md', '--execute', '--plan', 'plan.json')
  assert.deepEqual([waiting.code, effectsIn(folder)], [3, ['one']])
  assert.match(waiting.out, /approval ok waits for 1 person\n$/)
  assert.match((await type(folder, 'next', 'book.md')).out, /approve +ok/)
  const approved = await type(folder, 'approve', 'book.md', 'ok', '--by', 'ann', '--reason', 'fine')
  assert.deepEqual([approved.code, approved.out], [0, 'approved: recorded\n'])
  assert.equal((await type(folder, 'resume', 'book.md', '--execute')).code, 0)
  assert.deepEqual(effectsIn(folder), ['one', 'two'])
  assert.match(
    (await type(folder, 'status', 'book.md')).out,
    /^book: complete\n[\s\S]*approval +ok +approved +1 of 1, ann/,
  )
  assert.equal((await type(folder, 'rollback', 'book.md', '--to', 'two')).code, 0)
  assert.deepEqual(effectsIn(folder), ['one', 'two'])
  assert.equal((await type(folder, 'rollback', 'book.md', '--to', 'two', '--execute')).code, 0)
  assert.deepEqual(effectsIn(folder), ['one', 'two', 'un-two'])
})

test('exit codes: 1 failed, 2 refused, 3 held', async () => {
  const failing = folderWith(gate('g', 'echo bad; exit 1'))
  assert.deepEqual(
    await type(failing, 'run', 'book.md', '--execute').then(({ code, out }) => [
      code,
      out.endsWith('g FAIL: exit 1: bad\n'),
    ]),
    [1, true],
  )
  const held = folderWith(gate('g', 'exit 3', { timeout: '100ms' }))
  assert.equal((await type(held, 'run', 'book.md', '--execute')).code, 3)
  const broken = await type(
    folderWith(block({ name: 'a', baton: 'step', needs: 'b' }, 'x') + gate('g', 'true', { oops: 1 })),
    'run',
    'book.md',
  )
  assert.equal(broken.code, 2)
  assert.match(
    broken.err,
    /line 1: error: step a: [^\n]*\n[\s\S]*line 5: error: gate: no such attribute: oops/,
  )
  const refusals: readonly (readonly [string[], RegExp])[] = [
    [['run', 'absent.md'], /ENOENT/],
    [['run', '-'], /cannot run standard input/],
    [['resume', 'book.md', '--execute'], /nothing to resume/],
    [['rollback', 'book.md', '--execute'], /nothing to take back/],
    [['run', 'book.md', '--only', 'ghost'], /has this name/],
    [['run', 'book.md', '--to', 'ghost'], /--to names nothing/],
    [['run', 'book.md', '--approve', 'ok', '--by', 'a', '--reason', 'b'], /cannot approve in a rehearsal/],
    [['run', 'book.md', '--execute', '--approve', 'ok', '--by', 'a'], /who and why is missing/],
    [['run', 'book.md', '--plan', 'book.md'], /this is no plan/],
    [['run', 'book.md', '--plan', 'absent.json'], /cannot read the plan/],
    [['pause', 'book.md'], /nothing to pause/],
    [['decide', 'book.md', 'ghost', '--as', 'done', '--by', 'a', '--reason', 'b'], /no step has this name/],
  ]
  for (const [args, pattern] of refusals) {
    const { code, err } = await type(folderWith(effectStep('one')), ...args)
    assert.equal(code, 2, args.join(' '))
    assert.match(err, pattern)
  }
})

test('--json: every line is an event, the last one the result', async () => {
  const { out } = await type(
    folderWith(effectStep('one', {}, 'echo hello')),
    'run',
    'book.md',
    '--execute',
    '--json',
  )
  const events = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { kind: string; entry?: { kind: string } })
  assert.deepEqual(
    events.map(({ kind, entry }) => entry?.kind ?? kind),
    ['opened', 'started', 'command', 'output', 'command-ended', 'ended', 'stopped', 'ended'],
  )
  assert.deepEqual(events.at(-1), { kind: 'ended', code: 0, why: 'complete' })
})

test('numbers that a command prints are masked for people', async () => {
  const { out } = await type(folderWith(gate('g', 'echo to +12025550123')), 'run', 'book.md', '--execute')
  assert.ok(out.includes('g | to ') && !out.includes('+12025550123'), out)
})

async function started(t: TestContext, folder: string, ...args: string[]) {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', program, 'runbook', ...args],
    {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  t.after(() => child.kill('SIGKILL'))
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const exit = once(child, 'exit') as Promise<[number | null, string | null]>
  const until = async (isThere: () => boolean): Promise<void> => {
    for (let tries = 0; !isThere(); tries++) {
      assert.ok(tries < 1000 && child.exitCode === null, output)
      await sleep(10)
    }
  }
  return { child, exit, until, output: () => output }
}

test('SIGINT pauses in order, a second one kills the process group; the run can be resumed', async (t) => {
  const hanging = effectStep('one', { timeout: '1h' }, 'echo $$ > pid\ntest -e mended || sleep 600')
  const folder = folderWith(
    hanging.replace(
      'echo $$ > pid\ntest -e mended || sleep 600\n```\n\n```sh {"timeout":"20s","name":"un-one"',
      'true\n```\n\n```sh {"timeout":"20s","name":"un-one"',
    ),
  )
  const { child, exit, until, output } = await started(t, folder, 'run', 'book.md', '--execute')
  await until(() => effectsIn(folder, 'pid').length > 0)
  const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'))
  child.kill('SIGINT')
  await until(() => output().includes('once more ends it'))
  assert.equal(child.exitCode, null)
  const again = setInterval(() => child.kill('SIGINT'), 100)
  t.after(() => clearInterval(again))
  assert.deepEqual(await exit, [3, null], output())
  assert.throws(() => process.kill(pid, 0), /ESRCH/)
  assert.equal((await type(folder, 'resume', 'book.md', '--execute')).code, 0)
  assert.deepEqual(effectsIn(folder), ['one'])
})

test('SIGTERM during a hold pauses at once', async (t) => {
  const folder = folderWith(gate('g', 'touch looked; exit 3', { timeout: '1h', every: '1h' }))
  const { child, exit, until, output } = await started(t, folder, 'run', 'book.md', '--execute')
  await until(() => output().includes('HOLD'))
  child.kill('SIGTERM')
  assert.deepEqual(await exit, [3, null], output())
})

test('a full disk: nothing further is started, and with room again nothing happens twice', (t) => {
  const folder = folderWith(
    effectStep(
      'one',
      { capture: { LONG: '$.long' } },
      // The value makes the record longer than what a page of the file still takes.
      `test -e filled || { touch filled; head -c 1000000 /dev/zero > "$DISK/fill" || true; }
       printf '{"long":"%020000d"}' 7`,
    ) + effectStep('two'),
  )
  const disk = join(folder, 'disk')
  const run = `"${process.execPath}" --disable-warning=ExperimentalWarning "${program}" runbook run book.md --execute --journal "${disk}"`
  const script = `mkdir "${disk}" && mount -t tmpfs -o size=192k tmpfs "${disk}" || exit 77
    ${run}; echo "first $?"; cat effects; rm "${disk}/fill"; ${run}; echo "second $?"`
  const { stdout, stderr, status } = spawnSync('unshare', ['-rm', 'sh', '-c', script], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, DISK: disk },
  })
  if (status === null || status === 77 || stderr.includes('unshare'))
    return t.skip('this machine allows no mount namespaces')
  assert.match(stderr, /cannot record "ended" in .*: the disk is full: nothing further is started/)
  assert.match(stdout, /first 2\none\n/)
  assert.match(stdout, /second 0\n$/)
  assert.deepEqual(effectsIn(folder), ['one', 'two'])
})
