import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { anyKind, killAndWait, silent, temporaryDirectory, until } from './cluster-fixture.ts'
import { identifyByPs, identifyProcess } from './identify-process.ts'
import { parsePostmasterFile } from './postmaster-file.ts'
import { startCluster } from './start-cluster.ts'

const READY = '4711\n/data with space\n1700000000\n54321\n\n127.0.0.1\n  1234567    98765\nready   \n'

test('postmaster.pid: complete, of a server that begins, of a single-user server, empty', () => {
  assert.deepEqual(parsePostmasterFile(READY), { pid: 4711, port: 54_321, status: 'ready' })
  const begins = READY.split('\n').slice(0, 3).join('\n')
  assert.deepEqual(parsePostmasterFile(begins), { pid: 4711, port: undefined, status: '' })
  assert.deepEqual(parsePostmasterFile('-4711\n/data\n'), { pid: 4711, port: undefined, status: '' })
  for (const nonsense of ['', '\n', 'nonsense\n/data\n', '0\n'])
    assert.equal(parsePostmasterFile(nonsense), 'empty')
})

for (const [name, identify] of Object.entries({ identifyProcess, identifyByPs })) {
  test(`${name}: a process that is not PostgreSQL, and one that has ended`, async (t) => {
    const child = spawn('sleep', ['300'], { stdio: 'ignore' })
    t.after(() => child.kill('SIGKILL'))
    await once(child, 'spawn')
    assert.equal(identify(child.pid!, '/data'), 'other')
    child.kill('SIGKILL')
    await once(child, 'exit')
    assert.equal(identify(child.pid!, '/data'), 'gone')
  })

  test(
    `${name}: a zombie is no server`,
    { skip: !existsSync('/proc/self/stat') && 'no /proc' },
    async (t) => {
      // The shell becomes a program that never asks how its child ended.
      const parent = spawn('sh', ['-c', 'sleep 0.01 & echo $!; exec sleep 300'], {
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      t.after(() => parent.kill('SIGKILL'))
      const [line] = (await once(parent.stdout, 'data')) as [Buffer]
      const pid = Number(line.toString())
      await until(() => / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8')), 'the child is a zombie')
      assert.equal(identify(pid, '/data'), 'other')
    },
  )

  suite(
    `${name}: a server`,
    { skip: anyKind === undefined ? 'no PostgreSQL on this machine' : false },
    () => {
      test('is the postmaster of its own data directory only', async (t) => {
        const directory = `${temporaryDirectory(t)}/with space`
        const cluster = await startCluster({ directory, binaries: anyKind!.binaries!, log: silent })
        assert.equal(identify(cluster.pid, cluster.dataDirectory), 'postmaster')
        assert.equal(identify(cluster.pid, `${cluster.dataDirectory}-other`), 'other')
        assert.equal(identify(cluster.pid, cluster.dataDirectory.slice(0, -1)), 'other')
        await killAndWait(cluster.pid)
        assert.notEqual(identify(cluster.pid, cluster.dataDirectory), 'postmaster')
      })
    },
  )
}
