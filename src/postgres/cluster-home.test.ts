// Root cannot run PostgreSQL: what another user must reach goes where it can.
import assert from 'node:assert/strict'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { openHome } from './cluster-home.ts'
import { anyKind, query, silent, temporaryDirectory } from './cluster-fixture.ts'
import { findEmbeddedPackage } from './embedded-package.ts'
import { findBinaries } from './find-binaries.ts'
import { isRoot } from './server-user.ts'
import { startCluster } from './start-cluster.ts'

const skip = !isRoot()
  ? 'this process is not root'
  : anyKind === undefined
    ? 'no PostgreSQL on this machine'
    : false

suite('as root', { skip }, () => {
  const { binaries } = anyKind ?? {}

  test('the server runs as another user, who alone owns the data', async (t) => {
    const directory = temporaryDirectory(t)
    const cluster = await startCluster({ directory, binaries: binaries!, log: silent })
    const { uid } = statSync(cluster.dataDirectory)
    assert.notEqual(uid, 0)
    assert.equal(statSync(`/proc/${cluster.pid}`).uid, uid)
    assert.equal(cluster.dataDirectory, join(directory, 'cluster', 'data'), 'it stays where it was wanted')
    await cluster.stop()
  })

  test('a directory that this user cannot reach: the data goes elsewhere and a note says where', async (t) => {
    const parent = temporaryDirectory(t)
    const closed = join(parent, 'closed')
    mkdirSync(closed, { mode: 0o700 })
    const directory = join(closed, 'postgres')
    const start = () => startCluster({ directory, binaries: binaries!, log: silent, movedParent: parent })

    const first = await start()
    const moved = readFileSync(join(directory, 'moved-to.txt'), 'utf8').split('\n')[0]!
    assert.equal(first.dataDirectory, join(moved, 'cluster', 'data'))
    assert.ok(moved.startsWith(join(parent, 'baton-postgres-')))
    await query(first.adminUrl, 'create table kept as select 42 as answer')
    assert.equal(await first.stop(), 'stopped')

    chmodSync(closed, 0o755) // it is reachable now, and the data is still where it was
    const second = await start()
    assert.equal(second.dataDirectory, first.dataDirectory)
    assert.deepEqual(await query(second.adminUrl, 'select answer from kept'), [{ answer: 42 }])
    assert.equal(await second.stop(), 'stopped')
    assert.equal(existsSync(join(directory, 'cluster')), false)

    chmodSync(closed, 0o700)
    rmSync(join(directory, 'moved-to.txt')) // found again by the name of the directory
    assert.equal(openHome(directory, silent, parent).data, first.dataDirectory)
  })

  test('a cluster that its user can no longer reach is an error, not a new empty cluster', async (t) => {
    const parent = temporaryDirectory(t)
    const open = join(parent, 'open')
    mkdirSync(open)
    const options = {
      directory: join(open, 'postgres'),
      binaries: binaries!,
      log: silent,
      movedParent: parent,
    }
    await (await startCluster(options)).stop()
    chmodSync(open, 0o700)
    await assert.rejects(startCluster(options), {
      code: 'directory_unusable',
      message: /can no longer reach.*chmod a\+x/,
    })
    assert.deepEqual(readdirSync(parent), ['open'])
  })

  test('a folder that another user put where the data would go is refused', async (t) => {
    const parent = temporaryDirectory(t)
    const closed = join(parent, 'closed')
    mkdirSync(closed, { mode: 0o700 })
    const { directory: moved } = openHome(closed, silent, parent)
    rmSync(moved, { recursive: true })
    mkdirSync(moved)
    chownSync(moved, 65_534, 65_534)
    assert.throws(() => openHome(closed, silent, parent), {
      code: 'directory_unusable',
      message: /others own it/,
    })
    assert.deepEqual(readdirSync(moved), [])
  })

  const embedded = findEmbeddedPackage()
  test(
    'embedded binaries that this user cannot reach are copied, and serve data in an unreachable directory',
    { skip: embedded ? false : 'the embedded package is not installed' },
    async (t) => {
      const parent = temporaryDirectory(t)
      const closed = join(parent, 'closed')
      mkdirSync(closed, { mode: 0o700 })
      const native = join(closed, 'native')
      // As npm leaves it: without the links.
      cpSync(embedded!.native, native, {
        recursive: true,
        filter: (path) => !lstatSync(path).isSymbolicLink(),
      })
      const find = () =>
        findBinaries({ prefer: 'embedded', embedded: { native, version: embedded!.version }, copyTo: parent })
      const found = find()
      assert.ok(
        found.kind === 'embedded' && found.postgres.startsWith(join(parent, 'baton-postgres-binaries-')),
      )
      assert.deepEqual(find(), found, 'the copy is used again')
      const directory = join(closed, 'postgres')
      const cluster = await startCluster({ directory, binaries: found, log: silent, movedParent: parent })
      assert.deepEqual(await query(cluster.adminUrl, 'select 1 as one'), [{ one: 1 }])
      assert.equal(await cluster.stop(), 'stopped')
    },
  )
})
