// What a private cluster must survive: kills of its starter, of its server and of initdb, reused pids, hung
// servers, starts at the same moment.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { openHome } from './cluster-home.ts'
import {
  killAndWait,
  kinds,
  pidOf,
  query,
  silent,
  startInProcess,
  temporaryDirectory,
  until,
} from './cluster-fixture.ts'
import { identifyProcess } from './identify-process.ts'
import { obtainServer } from './obtain-server.ts'
import { postmasterFilePath } from './postmaster-file.ts'
import { findServerUser, runAs } from './server-user.ts'
import { settingArguments } from './server-settings.ts'
import { startCluster, type Cluster, type StartOptions } from './start-cluster.ts'

/** A process of the server's user that is no PostgreSQL: PostgreSQL itself takes its pid for a live server's. */
function unrelatedProcess(t: TestContext): number {
  const child = spawn('sleep', ['300'], { stdio: 'ignore', cwd: '/', ...runAs(findServerUser()) })
  t.after(() => child.kill('SIGKILL'))
  return child.pid!
}

interface Crashed {
  readonly directory: string
  readonly data: string
  readonly pid: number
  readonly cluster: Cluster
}

for (const { name, binaries, skip } of kinds) {
  const start = (directory: string, more: Partial<StartOptions> = {}): Promise<Cluster> =>
    startCluster({ directory, binaries: binaries!, log: silent, ...more })

  /** A cluster whose server was killed, with one acknowledged row that no checkpoint has written. */
  const crash = async (t: TestContext): Promise<Crashed> => {
    const directory = temporaryDirectory(t)
    const cluster = await start(directory)
    await query(cluster.adminUrl, 'create table acknowledged as select 7 as row')
    await killAndWait(cluster.pid)
    return { directory, data: cluster.dataDirectory, pid: cluster.pid, cluster }
  }

  const assertRecovers = async (crashed: Crashed): Promise<void> => {
    const cluster = await start(crashed.directory)
    assert.equal(cluster.adopted, false)
    assert.deepEqual(await query(cluster.adminUrl, 'select row from acknowledged'), [{ row: 7 }])
    assert.equal(await cluster.stop(), 'in_use')
    assert.equal(await crashed.cluster.stop(), 'stopped')
    assert.notEqual(identifyProcess(cluster.pid, crashed.data), 'postmaster')
  }

  suite(`survival with ${name} binaries`, { skip }, () => {
    test('an interrupt of the terminal or a kill of the starter leaves the server, the next start adopts it', async (t) => {
      const directory = temporaryDirectory(t)
      for (const signal of ['SIGINT', 'SIGKILL'] as const) {
        const starter = startInProcess(directory, binaries!)
        const first = await starter.result
        assert.equal(first.error, undefined)
        process.kill(-starter.pid, signal) // the whole process group, as a terminal does
        await once(starter.process, 'exit')
        const second = await start(directory)
        assert.deepEqual([second.adopted, second.pid, second.adminUrl], [true, first.pid, first.adminUrl])
        assert.deepEqual(await query(second.adminUrl, 'select 1 as one'), [{ one: 1 }])
        assert.equal(await second.stop(), 'stopped')
        assert.notEqual(identifyProcess(first.pid, second.dataDirectory), 'postmaster')
      }
    })

    test('kill -9 of the server: the next start recovers what was acknowledged', async (t) => {
      const crashed = await crash(t)
      const { data, pid } = crashed
      assert.equal(pidOf(data), pid, 'its lock file is still there')
      await assertRecovers(crashed)
    })

    test('a stale lock file whose pid is now an unrelated process', async (t) => {
      const crashed = await crash(t)
      const { data, pid } = crashed
      const unrelated = unrelatedProcess(t)
      const file = postmasterFilePath(data)
      writeFileSync(file, readFileSync(file, 'utf8').replace(String(pid), String(unrelated)))
      await assertRecovers(crashed)
      assert.equal(process.kill(unrelated, 0), true, 'it was not signalled')
    })

    test('a stale lock file whose pid is now the server of another directory', async (t) => {
      const crashed = await crash(t)
      const { data, pid } = crashed
      const other = await start(temporaryDirectory(t))
      const file = postmasterFilePath(data)
      writeFileSync(file, readFileSync(file, 'utf8').replace(String(pid), String(other.pid)))
      await assertRecovers(crashed)
      assert.deepEqual(await query(other.adminUrl, 'select 1 as one'), [{ one: 1 }])
      await other.stop()
    })

    test('an empty lock file, of a server that died while it wrote it', async (t) => {
      const crashed = await crash(t)
      writeFileSync(postmasterFilePath(crashed.data), '')
      await assertRecovers(crashed)
    })

    test('a hung server is stopped and started again', async (t) => {
      const directory = temporaryDirectory(t)
      const hung = await start(directory)
      process.kill(hung.pid, 'SIGSTOP')
      const next = await start(directory, { answerTimeoutMs: 200, stopTimeoutMs: 200 })
      assert.equal(next.adopted, false)
      assert.notEqual(next.pid, hung.pid)
      assert.notEqual(identifyProcess(hung.pid, hung.dataDirectory), 'postmaster')
      assert.equal(await hung.stop(), 'in_use')
      assert.equal(await next.stop(), 'stopped')
    })

    test('what is left of a killed server holds the data: no second server until it is gone', async (t) => {
      const directory = temporaryDirectory(t)
      const cluster = await start(directory)
      const session = new Client({ connectionString: cluster.adminUrl })
      session.on('error', () => {})
      await session.connect()
      const { rows } = await session.query<{ pid: number }>('select pg_backend_pid() as pid')
      const backend = rows[0]!.pid
      process.kill(backend, 'SIGSTOP')
      t.after(() => {
        if (identifyProcess(backend, '/') !== 'gone') process.kill(backend, 'SIGKILL')
      })
      await killAndWait(cluster.pid)
      await assert.rejects(start(directory, { startTimeoutMs: 600 }), {
        code: 'start_failed',
        message: /holds its data directory[^]*shared memory block/,
      })
      const next = start(directory)
      await sleep(300)
      process.kill(backend, 'SIGKILL')
      assert.deepEqual(await query((await next).adminUrl, 'select 1 as one'), [{ one: 1 }])
      session.end().catch(() => {})
      assert.equal(await cluster.stop(), 'in_use')
      assert.equal(await (await next).stop(), 'stopped')
    })

    test('a taken port: another one is picked', async (t) => {
      const directory = temporaryDirectory(t)
      await (await start(directory)).stop()
      const occupant = createServer().listen(0, '127.0.0.1')
      t.after(() => occupant.close())
      await once(occupant, 'listening')
      const { port: taken } = occupant.address() as { port: number }
      const home = openHome(directory, silent)
      const limits = { deadline: Date.now() + 30_000, answerTimeoutMs: 5_000, stopTimeoutMs: 5_000 }
      const options = { home, binaries: binaries!, settings: settingArguments(), limits, log: silent }
      await assert.rejects(obtainServer({ ...options, pickPort: async () => taken }), {
        message: /10 ports were taken/,
      })
      let picked = 0
      const free = async (): Promise<number> => (picked++ === 0 ? taken : freePort())
      const server = await obtainServer({ ...options, pickPort: free })
      assert.equal(picked, 2)
      assert.notEqual(server.port, taken)
      assert.equal((await start(directory)).pid, server.pid)
    })

    test('starts at the same moment on a new directory make one cluster and one server', async (t) => {
      const directory = temporaryDirectory(t)
      const starters = Array.from({ length: 3 }, () => startInProcess(directory, binaries!))
      const results = await Promise.all(starters.map(({ result }) => result))
      assert.deepEqual(
        results.map(({ error }) => error),
        [undefined, undefined, undefined],
      )
      assert.equal(new Set(results.map(({ pid, adminUrl }) => `${pid} ${adminUrl}`)).size, 1)
      assert.equal(results.filter(({ adopted }) => !adopted).length, 1)
      assert.deepEqual(
        readdirSync(directory).filter((entry) => entry.startsWith('making-')),
        [],
      )
    })

    test('a kill of the starter while initdb runs: the next start makes the cluster anew', async (t) => {
      const directory = temporaryDirectory(t)
      const starter = startInProcess(directory, binaries!)
      const halfMade = (): string | undefined =>
        readdirSync(directory).find((entry) => entry.startsWith('making-'))
      await until(
        () => existsSync(join(directory, halfMade() ?? 'none', 'data', 'base')),
        'initdb is in the middle',
      )
      const left = halfMade()!
      await starter.kill() // initdb itself lives on for a moment and disturbs
      assert.equal(existsSync(join(directory, 'cluster')), false)
      const cluster = await start(directory)
      assert.equal(cluster.adopted, false)
      assert.equal(existsSync(join(directory, left)), false)
      assert.equal(await cluster.stop(), 'stopped')
    })
  })
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as { port: number }
  probe.close()
  await once(probe, 'close')
  return port
}
