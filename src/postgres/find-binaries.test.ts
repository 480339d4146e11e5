import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { kinds, temporaryDirectory } from './cluster-fixture.ts'
import { findBinaries, usualFolders } from './find-binaries.ts'

/** A folder with a program that tells a version, as an installation of that version does. */
function installation(parent: string, folder: string, version: string): string {
  const path = join(parent, folder)
  mkdirSync(path)
  for (const name of ['postgres', 'initdb'])
    writeFileSync(join(path, name), `#!/bin/sh\necho "${name} (PostgreSQL) ${version}"\n`, { mode: 0o755 })
  return path
}

for (const { name, binaries, skip } of kinds)
  test(`finds the ${name} binaries of this machine when they are preferred`, { skip }, () => {
    assert.equal(binaries?.kind, name)
    assert.ok(binaries.major >= 15)
    assert.ok(binaries.version.startsWith(`${binaries.major}.`))
  })

test('takes the first folder with version 15 or newer, or with the version that data need', (t) => {
  const parent = temporaryDirectory(t)
  const folders = [
    join(parent, 'absent'),
    installation(parent, 'a', '14.22'),
    installation(parent, 'b', '16.2 (Debian 16.2-1)'),
    installation(parent, 'c', '17beta1'),
  ]
  const found = findBinaries({ folders })
  assert.deepEqual(found, {
    kind: 'installed',
    version: '16.2',
    major: 16,
    postgres: join(parent, 'b', 'postgres'),
    initdb: join(parent, 'b', 'initdb'),
  })
  const newer = findBinaries({ folders, major: 17 })
  assert.ok(newer.kind === 'installed' && newer.version === '17beta1')
})

test('without a usable one says what it looked at and why each does not serve', (t) => {
  const parent = temporaryDirectory(t)
  const old = installation(parent, 'old', '9.6.24')
  const broken = installation(parent, 'broken', '')
  mkdirSync(join(parent, 'link'))
  for (const name of ['postgres', 'initdb']) symlinkSync(join(old, name), join(parent, 'link', name))
  const native = join(parent, 'package', 'native')
  mkdirSync(join(native, 'bin'), { recursive: true })
  const embedded = { native, version: '18.0.0' }
  const found = findBinaries({
    folders: [old, join(parent, 'link'), broken],
    embedded,
    copyTo: parent,
    major: 15,
  })
  assert.ok(found.kind === 'none')
  assert.match(found.message, /^find PostgreSQL 15, which made the existing data: none usable: /)
  assert.equal(
    found.message.match(/is 9\.6\.24, too old/g)?.length,
    1,
    'a link to the same program is not another one',
  )
  assert.match(found.message, /broken\/postgres does not tell its version/)
  assert.match(found.message, /native\/bin\/postgres does not run/)
  assert.match(found.message, /set DATABASE_URL/)
})

test('looks in PATH before the usual places, and only in its absolute folders', () => {
  const folders = usualFolders('/first:relative::/second')
  assert.deepEqual(folders.slice(0, 2), ['/first', '/second'])
  assert.ok(folders.every((folder) => folder.startsWith('/')))
})
