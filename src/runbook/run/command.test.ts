import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { temporaryFolder } from '../../../test/support/runbooks.ts'
import type { Check } from '../program/block.ts'
import { signalGroup, startCommand } from './command.ts'

const folder = temporaryFolder()
const blockOf = (text: string, shell: Check['shell'] = 'sh'): Check => ({
  role: 'check',
  id: 'x',
  line: 1,
  heading: null,
  text,
  digest: '',
  json: new Map(),
  shell,
  timeoutMs: 20_000,
})

interface StartOptions {
  readonly timeoutMs: number
  readonly graceMs: number
  readonly shell: Check['shell']
  readonly logFile: string
}

function start(
  text: string,
  { timeoutMs = 20_000, graceMs = 200, shell = 'sh', logFile = '' }: Partial<StartOptions> = {},
) {
  const groups: (number | null)[] = []
  const lines: string[] = []
  const running = startCommand(blockOf(text, shell), timeoutMs, {
    folder,
    environment: { PATH: process.env['PATH'], GIVEN: 'yes' },
    logFile: logFile || null,
    graceMs,
    noteGroup: (group) => groups.push(group),
    onLine: (line) => lines.push(line),
  })
  return { ...running, groups, lines }
}

async function gone(pid: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    try {
      process.kill(pid, 0)
    } catch {
      return
    }
    // A killed process whose parent has not waited for it still has its number.
    const stat = `/proc/${pid}/stat`
    if (existsSync(stat) && /\) Z /.test(readFileSync(stat, 'utf8'))) return
    await sleep(20)
  }
  assert.fail(`process ${pid} still lives`)
}
const pidIn = (name: string) => Number(readFileSync(join(folder, name), 'utf8'))

test('exit code, output, environment, an empty standard input', async () => {
  const { done, groups } = start('echo "$GIVEN"; cat; echo bad >&2; exit 3')
  const result = await done
  assert.deepEqual([result.outcome, result.code, result.text], ['exited', 3, 'yes\n'])
  assert.equal(result.stdout.sha256, createHash('sha256').update('yes\n').digest('hex'))
  assert.equal(result.stderr.bytes, 4)
  assert.equal(typeof groups[0], 'number')
  assert.equal(groups.at(-1), null)
})

test('a block stops at its first failing command, at an unset variable, and in bash inside a pipe', async () => {
  assert.deepEqual(
    [(await start('false\necho on').done).text, (await start('false\necho on').done).code],
    ['', 1],
  )
  assert.notEqual((await start('echo "$NEVER_SET"').done).code, 0)
  assert.equal((await start('false | true', { shell: 'bash' }).done).code, 1)
})

test('a hanging command is killed with all its descendants, also those that ignore SIGTERM', async () => {
  const text = `
    sh -c 'trap "" TERM; echo $$ > deaf; while :; do sleep 1; done' &
    sh -c '(echo $$ > deep; sleep 600) & wait' &
    while [ ! -s deaf ] || [ ! -s deep ]; do sleep 0.05; done
    trap '' TERM
    while :; do sleep 1; done`
  const result = await start(text, { timeoutMs: 2000, graceMs: 100 }).done
  assert.equal(result.outcome, 'timeout')
  await gone(pidIn('deaf'))
  await gone(pidIn('deep'))
})

test('a command may clean up between SIGTERM and SIGKILL', async () => {
  const { done, kill } = start(
    `trap 'echo clean > cleaned; exit 0' TERM; echo ready; while :; do sleep 0.05; done`,
    { graceMs: 5000 },
  )
  await sleep(500)
  kill()
  assert.equal((await done).outcome, 'killed')
  assert.ok(existsSync(join(folder, 'cleaned')))
})

test('what a command leaves behind ends with it', async () => {
  const result = await start('sleep 600 & echo $! > left').done
  assert.equal(result.outcome, 'exited')
  await gone(pidIn('left'))
})

test('nothing runs when its group could not be written down', async () => {
  const result = await startCommand(blockOf('echo ran > ran'), 5000, {
    folder,
    environment: { PATH: process.env['PATH'] },
    logFile: null,
    graceMs: 100,
    noteGroup: (group) => {
      if (group !== null) throw new Error('the disk is full')
    },
    onLine: () => {},
  }).done
  assert.deepEqual(
    [result.outcome, result.problem],
    ['unstartable', 'its process group cannot be written down: the disk is full'],
  )
  assert.equal(existsSync(join(folder, 'ran')), false)
})

test('what cannot be started is a result', async () => {
  const missing = await startCommand(blockOf('true'), 5000, {
    folder: join(folder, 'absent'),
    environment: {},
    logFile: null,
    graceMs: 100,
    noteGroup: () => {},
    onLine: () => {},
  }).done
  assert.deepEqual([missing.outcome, missing.problem], ['unstartable', 'ENOENT'])
  const huge = await startCommand(blockOf('true'), 5000, {
    folder,
    environment: { HUGE: 'x'.repeat(4_000_000) },
    logFile: null,
    graceMs: 100,
    noteGroup: () => {},
    onLine: () => {},
  }).done
  assert.deepEqual([huge.outcome, huge.problem], ['unstartable', 'E2BIG'])
})

test('output is digested whole and kept in part', async () => {
  const logFile = join(folder, 'logs', 'big.log')
  const result = await start('head -c 3000000 /dev/zero | tr "\\0" x', { logFile }).done
  assert.deepEqual([result.stdout.bytes, result.isCut, result.text.length], [3_000_000, true, 1024 * 1024])
  assert.equal(result.stdout.sha256, createHash('sha256').update('x'.repeat(3_000_000)).digest('hex'))
  assert.ok(statSync(logFile).size < 1024 * 1024 + 200)
  assert.match(readFileSync(logFile, 'utf8').slice(-80), /the log is limited/)
})

test('a log that cannot be written costs the log alone', async () => {
  assert.equal((await start('echo on', { logFile: '/dev/full' }).done).text, 'on\n')
})

test('control characters of a command do not reach the view', async () => {
  const { done, lines } = start(String.raw`printf '\033[2Jclear\033]0;title\007\n'`)
  await done
  assert.ok(
    lines.length > 0 && lines.every((line) => !line.includes('\u001b') && !line.includes('\u0007')),
    JSON.stringify(lines),
  )
})

test('kill -9 of the runner ends the whole group', async () => {
  const code = `
    const { startCommand } = await import(process.argv[1])
    startCommand(JSON.parse(process.argv[2]), 60000, { folder: process.argv[3], environment: process.env, logFile: null,
      graceMs: 100, noteGroup: (group) => group && console.log(group), onLine: () => {} })`
  const module = new URL('command.ts', import.meta.url).href
  const text = 'echo $$ > inner; while :; do sleep 1; done'
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      '--input-type=module',
      '-e',
      code,
      module,
      JSON.stringify(blockOf(text)),
      folder,
    ],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const group = Number(line.toString())
  while (!existsSync(join(folder, 'inner')) || pidIn('inner') === 0) await sleep(20)
  child.kill('SIGKILL')
  await once(child, 'exit')
  await gone(pidIn('inner'))
  for (let tries = 0; signalGroup(group, 0); tries++) {
    assert.ok(tries < 200, `group ${group} still lives`)
    await sleep(20)
  }
})
