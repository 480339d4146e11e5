import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { freePorts } from '../../test/support/spawn-program.ts'
import { ClusterError } from './cluster-error.ts'
import { anyKind, killAndWait, kinds, query, silent, temporaryDirectory } from './cluster-fixture.ts'
import { startCluster } from './start-cluster.ts'

const DATA = 'cluster/data'

for (const { name, binaries, skip } of kinds) {
  const start = (directory: string) => startCluster({ directory, binaries: binaries!, log: silent })

  suite(`a private cluster with ${name} binaries`, { skip }, () => {
    test('is durable, checksummed, private, and keeps its data between starts', async (t) => {
      const directory = temporaryDirectory(t)
      const first = await start(directory)
      assert.equal(first.adopted, false)
      const [settings] = await query(
        first.adminUrl,
        `select current_setting('fsync') as fsync, current_setting('full_page_writes') as full_page_writes,
          current_setting('synchronous_commit') as synchronous_commit, current_setting('data_checksums') as checksums,
          current_setting('server_encoding') as encoding, current_setting('listen_addresses') as listens,
          current_setting('unix_socket_directories') as sockets, current_setting('server_version') as version,
          (select datcollate from pg_database where datname = 'template1') as collate`,
      )
      assert.deepEqual(settings, {
        fsync: 'on',
        full_page_writes: 'on',
        synchronous_commit: 'on',
        checksums: 'on',
        encoding: 'UTF8',
        listens: '127.0.0.1',
        sockets: '',
        version: settings?.['version'],
        collate: 'C',
      })
      assert.ok(String(settings?.['version']).startsWith(binaries!.version))
      await query(first.adminUrl, 'create table kept as select 42 as answer')
      assert.equal(await first.stop(), 'stopped')
      await assert.rejects(query(first.adminUrl, 'select 1'), /ECONNREFUSED/)

      const second = await start(directory)
      assert.equal(second.adopted, false)
      assert.deepEqual(await query(second.adminUrl, 'select answer from kept'), [{ answer: 42 }])
      assert.equal(await second.stop(), 'stopped')
      assert.equal(await second.stop(), 'stopped')
    })

    test('comes back on the port it was given after a crash', async (t) => {
      const directory = temporaryDirectory(t)
      const [port = 0] = await freePorts(1)
      const onPort = () => startCluster({ directory, binaries: binaries!, log: silent, port })
      const first = await onPort()
      assert.equal(first.port, port)
      await query(first.adminUrl, 'create table kept as select 42 as answer')
      await killAndWait(first.pid)
      const second = await onPort()
      assert.deepEqual([second.port, second.adopted], [port, false])
      assert.deepEqual(await query(first.adminUrl, 'select answer from kept'), [{ answer: 42 }])
      assert.equal(await first.stop(), 'in_use')
      assert.equal(await second.stop(), 'stopped')
    })

    test('lets nobody in without its password, which only its owner can read', async (t) => {
      const directory = temporaryDirectory(t)
      const cluster = await start(directory)
      const wrong = new URL(cluster.adminUrl)
      wrong.password = 'guessed'
      await assert.rejects(query(wrong.href, 'select 1'), /password authentication failed/)
      const file = join(directory, 'cluster', 'password')
      assert.equal(statSync(file).mode & 0o777, 0o600)
      assert.equal(statSync(join(directory, DATA)).mode & 0o777, 0o700)
      assert.equal(new URL(cluster.adminUrl).password, readFileSync(file, 'utf8'))
      await cluster.stop()
    })

    test('works in a directory whose path is long and has spaces and quotes', async (t) => {
      const part = `it's a "long" $HOME path ${'x'.repeat(60)}`
      const inner = join(part, part, part)
      const directory = temporaryDirectory(t)
      const cluster = await start(join(directory, inner))
      assert.ok(cluster.dataDirectory.length > 250)
      assert.deepEqual(await query(cluster.adminUrl, 'select 1 as one'), [{ one: 1 }])
      await cluster.stop()
    })

    test('refuses data of another major version and changes nothing', async (t) => {
      const directory = temporaryDirectory(t)
      await (await start(directory)).stop()
      const before = readdirSync(join(directory, DATA)).sort()
      const other = { ...binaries!, major: binaries!.major + 1, version: `${binaries!.major + 1}.0` }
      await assert.rejects(startCluster({ directory, binaries: other, log: silent }), (error: unknown) => {
        assert.ok(error instanceof ClusterError && error.code === 'other_version')
        assert.match(
          error.message,
          new RegExp(`data is of PostgreSQL ${binaries!.major}.*nothing there was changed`),
        )
        return true
      })
      assert.deepEqual(readdirSync(join(directory, DATA)).sort(), before)
      // Found by itself, the version that fits the data goes before the kind that is preferred.
      const prefer = name === 'installed' ? 'embedded' : 'installed'
      const cluster = await startCluster({ directory, prefer, log: silent })
      assert.equal(await cluster.stop(), 'stopped')
    })
  })
}

suite('a private cluster', { skip: anyKind === undefined ? 'no PostgreSQL on this machine' : false }, () => {
  const binaries = anyKind?.binaries
  const start = (directory: string, settings = {}) =>
    startCluster({ directory, binaries: binaries!, log: silent, settings })

  test('takes settings, but none that would cost durability or open it', async (t) => {
    const directory = temporaryDirectory(t)
    const cluster = await start(directory, { max_connections: '17' })
    assert.deepEqual(await query(cluster.adminUrl, 'show max_connections'), [{ max_connections: '17' }])
    await cluster.stop()
    for (const name of ['fsync', 'full_page_writes', 'synchronous_commit', 'listen_addresses', 'port', 'a b'])
      await assert.rejects(start(directory, { [name]: 'off' }), { name: 'ClusterError', code: 'bad_setting' })
  })

  test('says why it does not start, with the end of the log', async (t) => {
    const directory = temporaryDirectory(t)
    await assert.rejects(start(directory, { shared_buffers: 'plenty' }), (error: unknown) => {
      assert.ok(error instanceof ClusterError && error.code === 'start_failed')
      assert.match(error.message, /exit code 1[^]*invalid value for parameter "shared_buffers": "plenty"/)
      return true
    })
    await (await start(directory)).stop()
  })

  test('never touches a directory that is not its own', async (t) => {
    const directory = temporaryDirectory(t)
    const precious = join(directory, 'precious')
    mkdirSync(precious)
    writeFileSync(join(precious, 'thesis.txt'), 'years of work')
    const theirs = join(directory, 'theirs')
    mkdirSync(theirs)
    writeFileSync(join(theirs, 'PG_VERSION'), '13\n')
    const file = join(directory, 'file')
    writeFileSync(file, '')
    await assert.rejects(start(precious), {
      code: 'directory_not_ours',
      message: /holds thesis\.txt.*nothing there was changed/,
    })
    await assert.rejects(start(theirs), {
      code: 'directory_not_ours',
      message: /data directory of PostgreSQL 13/,
    })
    await assert.rejects(start(file), { code: 'directory_unusable' })
    assert.deepEqual(readdirSync(precious), ['thesis.txt'])
    assert.deepEqual(readdirSync(theirs), ['PG_VERSION'])
  })

  test('keeps a cluster that lacks a part, and says which', async (t) => {
    const directory = temporaryDirectory(t)
    await (await start(directory)).stop()
    rmSync(join(directory, 'cluster', 'password'))
    await assert.rejects(start(directory), { code: 'directory_not_ours', message: /password file is gone/ })
    assert.ok(existsSync(join(directory, DATA, 'PG_VERSION')))
  })

  test('is left running by all but the last who use it', async (t) => {
    const directory = temporaryDirectory(t)
    const first = await start(directory)
    const second = await start(directory)
    assert.deepEqual([first.adopted, second.adopted, second.pid], [false, true, first.pid])
    assert.equal(await first.stop(), 'in_use')
    assert.deepEqual(await query(second.adminUrl, 'select 1 as one'), [{ one: 1 }])
    assert.equal(await second.stop(), 'stopped')
    await assert.rejects(query(second.adminUrl, 'select 1'), /ECONNREFUSED/)
  })
})
