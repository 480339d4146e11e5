// The fault proxy as a real process.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, it } from 'node:test'
import { text } from 'node:stream/consumers'
import { request } from 'undici'

const MAIN = join(import.meta.dirname, '..', '..', 'bin', 'fault-proxy.ts')

describe('fault proxy process', { timeout: 60_000 }, () => {
  let taken: Server
  let takenPort: string

  before(async () => {
    taken = createServer((socket) => socket.end('upstream')).listen(0, '127.0.0.1')
    await once(taken, 'listening')
    takenPort = String((taken.address() as AddressInfo).port)
  })
  after(() => taken.close())

  const run = (settings: NodeJS.ProcessEnv) => {
    const child = spawn(process.execPath, [MAIN], {
      env: {
        ...process.env,
        BATON_HOST: '127.0.0.1',
        BATON_FAULT_PROXY_PORT: '0',
        BATON_FAULTS_PORT: '0',
        BATON_SERVICE_PORT: takenPort,
        ...settings,
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    assert.ok(child.stdout && child.stderr)
    return { child, stdout: child.stdout, stderr: child.stderr }
  }

  it('says where it listens, serves, and stops on SIGTERM and with its parent', async () => {
    for (const end of ['SIGTERM', 'disconnect'] as const) {
      const { child, stdout } = run({})
      try {
        const [line] = (await once(createInterface({ input: stdout }), 'line')) as [string]
        const { msg, port, controlPort } = JSON.parse(line) as {
          msg: string
          port: number
          controlPort: number
        }
        assert.equal(msg, 'listening')
        const health = await request(`http://127.0.0.1:${controlPort}/healthz`)
        assert.equal(health.statusCode, 200)
        await health.body.dump()
        assert.ok(port > 0)
        const exited = once(child, 'exit')
        if (end === 'SIGTERM') child.kill(end)
        else child.disconnect()
        assert.deepEqual(await exited, [0, null])
      } finally {
        child.kill('SIGKILL')
      }
    }
  })

  it('exits with 2 on malformed ports, and names all of them', async () => {
    const malformed = { BATON_FAULTS_PORT: '-1', BATON_SERVICE_PORT: '0', BATON_FAULT_PROXY_PORT: '65536' }
    const { child, stderr } = run(malformed)
    const [said, [code]] = await Promise.all([text(stderr), once(child, 'exit')])
    assert.equal(code, 2, said)
    for (const name of Object.keys(malformed)) assert.ok(said.includes(name), said)
    assert.ok(!said.includes('    at '), said)
  })

  it('exits with 1 on a taken port, and says which', async () => {
    for (const name of ['BATON_FAULT_PROXY_PORT', 'BATON_FAULTS_PORT']) {
      const { child, stdout } = run({ [name]: takenPort })
      const [said, [code]] = await Promise.all([text(stdout), once(child, 'exit')])
      assert.equal(code, 1, said)
      assert.ok(said.includes('EADDRINUSE') && said.includes(takenPort), said)
    }
  })
})
