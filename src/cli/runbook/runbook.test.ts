import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { applyPatch } from 'diff'
import { runbookCommand } from './index.ts'
import { readRunbook, RunbookFileError, writeRunbook } from './runbook-file.ts'

const fixtures = join(import.meta.dirname, '..', '..', '..', 'test', 'fixtures', 'runbooks')
const clean = join(fixtures, '15-clean.md')
const broken = join(fixtures, '11-checklist.md')
const folder = mkdtempSync(join(tmpdir(), 'runbook-'))
after(() => rmSync(folder, { recursive: true }))

async function run(
  args: readonly string[],
  stdin: Buffer | string = '',
): Promise<{ out: string; err: string; code: number | null }> {
  const result: { out: string; err: string; code: number | null } = { out: '', err: '', code: null }
  const terminal = {
    stdin: (async function* () {
      yield Buffer.from(stdin)
    })(),
    out: (text: string) => void (result.out += text),
    err: (text: string) => void (result.err += text),
    exit: (code: number) => void (result.code = code),
    environment: process.env,
    workingDirectory: folder,
    isLive: false,
    columns: () => 80,
    onSignal: () => {},
    onOrphaned: () => {},
  }
  await runbookCommand(terminal).parseAsync([...args], { from: 'user' })
  return result
}

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

test('lint --json prints the findings; exit 0 without, 1 with', async () => {
  const none = await run(['lint', clean, '--json'])
  assert.deepEqual([none.code, JSON.parse(none.out).findings], [0, []])
  const some = await run(['lint', broken, '--json'])
  assert.equal(some.code, 1)
  const [first] = JSON.parse(some.out).findings
  assert.deepEqual(Object.keys(first).slice(0, 6), [
    'rule',
    'startLine',
    'endLine',
    'heading',
    'message',
    'fix',
  ])
})

test('standard input is a runbook too', async () => {
  const { code, out } = await run(['lint', '-', '--json'], readFileSync(broken))
  assert.equal(code, 1)
  assert.ok(JSON.parse(out).findings.length > 5)
  assert.match((await run(['harden', '-'], readFileSync(broken))).out, /^Part A/)
})

test('SARIF, annotations and text', async () => {
  const sarif = JSON.parse((await run(['lint', broken, '--format', 'sarif'])).out)
  assert.equal(sarif.version, '2.1.0')
  assert.ok(
    sarif.runs[0].results.every((result: { ruleId: string }) =>
      sarif.runs[0].tool.driver.rules.some((rule: { id: string }) => rule.id === result.ruleId),
    ),
  )
  assert.match(
    (await run(['lint', broken, '--format', 'github'])).out,
    /^::error file=[^\n]+,line=\d+,endLine=\d+,title=[\w-]+::/,
  )
  assert.match((await run(['lint', broken])).out, /findings, \d+ with a safe fix/)
})

test('harden previews, --write edits in place, the second run changes nothing', async () => {
  const path = file('write.md', readFileSync(broken))
  const before = readFileSync(path, 'utf8')
  assert.match((await run(['harden', path])).out, /^Part A[\s\S]*\nPart B[\s\S]*\nPart C[\s\S]*\nPart D/)
  assert.equal(readFileSync(path, 'utf8'), before)
  const undo = join(folder, 'undo.patch')
  const written = await run(['harden', path, '--write', '--json', '--undo', undo])
  const hardened = readFileSync(path, 'utf8')
  assert.ok(JSON.parse(written.out).edits > 0)
  assert.notEqual(hardened, before)
  assert.equal(applyPatch(hardened, readFileSync(undo, 'utf8')), before)
  const again = await run(['harden', path, '--write', '--json'])
  assert.equal(JSON.parse(again.out).edits, 0)
  assert.equal(readFileSync(path, 'utf8'), hardened)
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.endsWith('.tmp')),
    [],
  )
})

test('--write keeps the mode of the file', async () => {
  const path = file('mode.md', readFileSync(broken))
  chmodSync(path, 0o640)
  await run(['harden', path, '--write', '--json'])
  assert.equal(statSync(path).mode & 0o777, 0o640)
})

test('--check and --diff write nothing', async () => {
  const path = file('check.md', readFileSync(broken))
  const before = readFileSync(path, 'utf8')
  assert.equal((await run(['harden', path, '--check'])).code, 1)
  assert.match((await run(['harden', path, '--diff'])).out, /^@@ /m)
  assert.equal(readFileSync(path, 'utf8'), before)
  assert.equal((await run(['harden', clean, '--check'])).code, 0)
})

test('a clean runbook comes through byte for byte', async () => {
  const path = file('clean.md', readFileSync(clean))
  const { mtimeMs } = statSync(path)
  await run(['harden', path, '--write', '--json'])
  assert.deepEqual(readFileSync(path), readFileSync(clean))
  assert.equal(statSync(path).mtimeMs, mtimeMs)
})

test('what is no runbook of this migration: 0 findings, and it says so', async () => {
  for (const text of [
    '',
    '# Coffee machine\n\nDescale it if needed. Choose one of the tabs.\n',
    '{"a": 1}',
    'just words',
  ]) {
    const { code, out, err } = await run(['lint', file('other.md', text), '--json'])
    assert.deepEqual([code, JSON.parse(out).findings, JSON.parse(out).isMigrationRunbook], [0, [], false])
    assert.match(err, /not a runbook of this migration/)
    assert.match((await run(['lint', file('other.md', text)])).out, /Not a runbook of this migration/)
    assert.match((await run(['harden', file('other.md', text)])).out, /nothing is confirmed/)
  }
})

test('what cannot be read ends with 2 and says what to do', async () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    [file('binary.md', Buffer.from([0x23, 0x20, 0x00, 0x01])), /zero byte at offset 2.*binary/],
    [file('latin1.md', Buffer.from([0x23, 0x20, 0xfc, 0x0a])), /not valid UTF-8/],
    [join(folder, 'absent.md'), /ENOENT/],
    [folder, /EISDIR/],
  ]
  for (const [path, message] of cases) {
    const { code, out, err } = await run(['lint', path, '--json'])
    assert.deepEqual([code, out], [2, ''])
    assert.match(err, message)
  }
  assert.equal((await run(['rules', 'no-such-rule'])).code, 2)
  assert.equal((await run(['harden', '-', '--write'], '# x')).code, 2)
})

test('a file that changed while it was being hardened is refused', async () => {
  const path = file('changed.md', '# one\n')
  const opened = await readRunbook(path, process.stdin)
  writeFileSync(path, '# two\n')
  await assert.rejects(
    writeRunbook(opened, '# three\n'),
    (error) => error instanceof RunbookFileError && /changed while/.test(error.message),
  )
  assert.equal(readFileSync(path, 'utf8'), '# two\n')
})

test(
  'a read-only file is refused',
  { skip: process.getuid?.() === 0 ? 'the superuser may write everything' : false },
  async () => {
    const path = file('readonly.md', readFileSync(broken))
    chmodSync(path, 0o444)
    assert.equal((await run(['harden', path, '--write'])).code, 2)
  },
)

test('rules prints all of them, or one in full', async () => {
  assert.equal((await run(['rules'])).out.trimEnd().split('\n').length, 23)
  assert.match(
    (await run(['rules', 'uuid-in-loop'])).out,
    /Demands:[\s\S]*Breaks it:[\s\S]*Only looks so:[\s\S]*Fixed by:/,
  )
})

test('the program starts', () => {
  const root = join(import.meta.dirname, '..', '..', '..')
  assert.ok(existsSync(join(root, 'bin', 'baton.ts')))
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(root, 'bin', 'baton.ts'), 'runbook', 'lint', clean],
    { encoding: 'utf8' },
  )
  assert.deepEqual([status, stdout], [0, `${clean}: 0 findings\n`])
})
