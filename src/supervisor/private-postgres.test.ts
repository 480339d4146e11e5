// `baton up` with a PostgreSQL of its own: a newcomer's case.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readStatus } from '../cli/status.ts'
import { send } from '../cli/send.ts'
import { anyKind } from '../postgres/cluster-fixture.ts'
import { isAlive, leave, ownPlace, startUp, until } from './up-fixture.ts'

const skip = anyKind ? false : 'no PostgreSQL binaries on this machine'

test('brings its PostgreSQL back after kill -9, keeps the data, and stops it last', { skip }, async (t) => {
  const place = await ownPlace('private')
  t.after(() => leave(place))
  const up = startUp(place)
  const { pids } = await up.ready
  const postgres = pids['postgres'] ?? 0
  assert.ok(isAlive(postgres))
  const message = { to: ['+12025550100'], body: 'x', idempotencyKey: 'the-same' }
  const first = await send(up.reach(), message)
  assert.equal(first.kind, 'done')
  process.kill(postgres, 'SIGKILL')
  await until(() => up.log().includes('PostgreSQL had ended and runs again'), 'it is noticed')
  await until(async () => {
    const status = await readStatus(up.reach())
    return status.kind === 'done' && status.value.programs.every(({ health }) => health === 'healthy')
  }, 'everything is healthy again')
  await until(async () => (await send(up.reach(), message)).kind === 'done', 'the gateway answers again')
  assert.deepEqual(await send(up.reach(), message), first, 'answered from the same database')
  up.child.kill('SIGTERM')
  assert.equal(await up.ended, 0, up.log())
  assert.match(up.log(), /fault-proxy +│ .*info +stopped[^]*private PostgreSQL stopped/)
})
