// `baton up` as a real process with real children.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it, test, type TestContext } from 'node:test'
import { send } from '../cli/send.ts'
import {
  isAlive,
  isHealthy,
  leave,
  ownPlace,
  startUp,
  until,
  type Place,
  type ReadyLine,
  type UpProcess,
} from './up-fixture.ts'

const programs = {
  gateway: 'gateway_url',
  service: 'service_url',
  sandbox: 'sandbox_url',
  'fault-proxy': 'faults_url',
} as const

describe('baton up', () => {
  let place: Place
  let up: UpProcess
  let ready: ReadyLine
  const envFile = (): string => readFileSync(ready.env_file, 'utf8')

  before(async () => {
    place = await ownPlace()
    up = startUp(place)
    ready = await up.ready
  })

  after(() => leave(place))

  it('writes its URLs and keys for the owner alone once everything is healthy', async () => {
    assert.equal(ready.env_file, join(place.directory, '.baton', 'env'))
    const entries = Object.fromEntries(
      envFile()
        .trimEnd()
        .split('\n')
        .map((line) => line.split('=')),
    )
    const { BATON_API_KEY, BATON_OPERATOR_KEY, DATABASE_URL, LEGACY_DATABASE_URL, ...urls } = entries
    assert.deepEqual(urls, {
      BATON_GATEWAY_URL: ready.gateway_url,
      BATON_SERVICE_URL: ready.service_url,
      BATON_SANDBOX_URL: ready.sandbox_url,
      BATON_FAULTS_URL: ready.faults_url,
    })
    for (const url of [DATABASE_URL, LEGACY_DATABASE_URL]) assert.match(url, /^postgres:\/\/baton_gateway:/)
    assert.match(BATON_API_KEY, /^send_.{32}$/)
    assert.match(BATON_OPERATOR_KEY, /^operate_.{32}$/)
    for (const file of ['env', 'secrets.json'])
      assert.equal(statSync(join(place.directory, '.baton', file)).mode & 0o777, 0o600, file)
    for (const name of Object.values(programs)) assert.ok(await isHealthy(ready[name]), name)
  })

  it('gives each key its own scope', async () => {
    const [, api] = /BATON_API_KEY=(.*)/.exec(envFile()) ?? []
    const answer = await fetch(`${ready.gateway_url}/operator/mode`, {
      headers: { authorization: `Bearer ${api}` },
    })
    assert.equal(answer.status, 403)
  })

  it('keeps bodies and whole numbers out of what it prints', async () => {
    const sent = await send(up.reach(), { to: ['+12025550123'], body: 'a secret between us' })
    assert.equal(sent.kind, 'done')
    assert.ok(!up.log().includes('a secret between us'))
    assert.ok(!up.log().includes('+12025550123'))
  })

  it('refuses a second one on the same directory and says who has it', async () => {
    const second = startUp(place)
    assert.equal(await second.ended, 1)
    assert.match(second.log(), new RegExp(`another baton up has it: process ${up.child.pid}:`))
    assert.ok(!second.log().includes('    at '), second.log())
    assert.ok(await isHealthy(ready.gateway_url))
    assert.ok(existsSync(ready.env_file), 'the env file of the first one stays')
  })

  for (const [name, url] of Object.entries(programs))
    it(`restarts the ${name} after kill -9, on the same port`, async () => {
      const before = pidOf(up.log(), name)
      process.kill(before, 'SIGKILL')
      await until(() => pidOf(up.log(), name) !== before, `the ${name} is healthy again`)
      assert.match(up.log(), new RegExp(`^${name} +│ .*was ended by SIGKILL: starts again in 0\\.`, 'm'))
      assert.ok(isAlive(pidOf(up.log(), name)))
      assert.ok(await isHealthy(ready[url]))
    })

  it('on Ctrl-C stops the gateway first, then the service, then what they call', async () => {
    up.child.kill('SIGINT')
    assert.equal(await up.ended, 0, up.log())
    const at = (name: string, what: string): number => {
      const index = up.log().search(new RegExp(`^${name} +│ .*info +${what}`, 'm'))
      assert.notEqual(index, -1, `${name} ${what}: ${up.log()}`)
      return index
    }
    assert.ok(at('gateway', 'stopped$') < at('service', 'stopping'))
    assert.ok(at('service', 'stopped$') < at('sandbox', 'stopping'))
    assert.ok(at('service', 'stopped$') < at('fault-proxy', 'stopping'))
    assert.ok(!existsSync(ready.env_file))
    for (const name of Object.keys(programs)) assert.ok(!isAlive(pidOf(up.log(), name)), name)
  })
})

async function placeFor(t: TestContext): Promise<Place> {
  const place = await ownPlace()
  t.after(() => leave(place))
  return place
}

/** The last process of that name that was healthy. */
function pidOf(log: string, name: string): number {
  const found = [...log.matchAll(new RegExp(`^${name} +│ .*healthy(?: again)? as process (\\d+)`, 'gm'))].at(
    -1,
  )
  return Number(found?.[1])
}

test('leaves no child when it is killed -9 itself, and its directory can be used at once', async (t) => {
  const place = await placeFor(t)
  const first = startUp(place)
  const { pids, env_file } = await first.ready
  const children = Object.keys(programs).map((name) => pids[name] ?? 0)
  assert.ok(children.every(isAlive))
  first.child.kill('SIGKILL')
  await until(() => !children.some(isAlive), 'no child is left')
  assert.ok(existsSync(env_file), 'nobody was there to remove it')
  const second = startUp(place, { settings: { BATON_BREAKER_FAILURES_MAX: 'many' } })
  assert.equal(await second.ended, 1)
  assert.ok(!existsSync(env_file), 'a stale one is removed')
  assert.match(second.log(), /keep the gateway running: .*\n +gateway: BATON_BREAKER_FAILURES_MAX: is "many"/)
  assert.ok(!second.log().includes('    at '), second.log())
})

test('stops in order when the launcher that started it is killed -9; twice Ctrl-C kills what hangs', async (t) => {
  const place = await placeFor(t)
  const launched = startUp(place, { main: 'bin/baton.mjs' })
  const { pids } = await launched.ready
  launched.child.kill('SIGKILL')
  await until(() => launched.log().includes('everything is stopped'), 'it has stopped')
  for (const name of Object.keys(programs)) assert.ok(!isAlive(pids[name] ?? 0), name)

  const hanging = startUp(place)
  const { pids: again } = await hanging.ready
  process.kill(again['service'] ?? 0, 'SIGSTOP')
  hanging.child.kill('SIGINT')
  await until(() => /^gateway .*info +stopped$/m.test(hanging.log()), 'the gateway has stopped')
  assert.ok(isAlive(again['service'] ?? 0))
  hanging.child.kill('SIGINT')
  assert.equal(await hanging.ended, 0, hanging.log())
  for (const name of Object.keys(programs)) assert.ok(!isAlive(again[name] ?? 0), name)
})

test('names the program, the port and the setting when a port is taken, and starts nothing', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  t.after(() => taken.close())
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  const settings = {
    BATON_GATEWAY_PORT: '0',
    BATON_SERVICE_PORT: String(port),
    BATON_SANDBOX_PORT: '0',
    BATON_FAULTS_PORT: '0',
    BATON_FAULT_PROXY_PORT: '0',
  }
  const up = startUp(await placeFor(t), { settings, args: ['up', '--json'] })
  assert.equal(await up.ended, 1)
  assert.match(
    up.log(),
    new RegExp(`messaging service: port ${port} on 127.0.0.1 is taken .*BATON_SERVICE_PORT`),
  )
  assert.ok(!up.log().includes('as process'), up.log())
  assert.ok(!up.log().includes('    at '), up.log())
})

test('says every malformed and unknown setting and ends with 2', async (t) => {
  const settings = {
    BATON_GATEWAY_PORT: 'http',
    BATON_GATEWAY_PROT: '1',
    DATABASE_URL: 'mysql://127.0.0.1/x',
  }
  const up = startUp(await placeFor(t), { settings, args: ['up', '--json'] })
  assert.equal(await up.ended, 2)
  for (const name of Object.keys(settings)) assert.ok(up.log().includes(`${name}: is`), up.log())
})

test('ends with a sentence when the database cannot be reached', async (t) => {
  const settings = { DATABASE_URL: 'postgres://someone:hidden-word@127.0.0.1:1/nowhere' }
  const up = startUp(await placeFor(t), { settings })
  assert.equal(await up.ended, 1)
  assert.match(up.log(), /prepare the database postgres:\/\/someone@127.0.0.1:1\/nowhere: .*ECONNREFUSED/)
  assert.ok(!up.log().includes('hidden-word'))
  assert.ok(!up.log().includes('    at '), up.log())
})
