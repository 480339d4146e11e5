// Kannel's own message centre for tests as the peer: an implementation of SMPP nobody here wrote.
// It speaks to separate binds and names no message ids.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { after, describe, test } from 'node:test'
import { smppProvider } from '../../src/providers/smpp/smpp.ts'
import { eventually } from '../support/system.ts'
import { newMessage, permitFor } from './contract.ts'

const BOX_PORT = 13_001
const centre = '/usr/lib/kannel/test/drive_smpp'
const skip = existsSync(centre) ? false : `no ${centre}: install the packages kannel and kannel-extras`

describe('kannel: smpp', { skip }, () => {
  test(
    'texts of every kind are taken, and what it sends is answered',
    { timeout: 60_000 },
    async (context) => {
      const texts = ['Hello €', 'я😀', 'x'.repeat(400)]
      const parts = 5
      const started = await startCentre(parts)
      if (!started) return context.skip(`port ${BOX_PORT} is taken`)
      const { port, log, ended } = started
      const problems: string[] = []
      const provider = smppProvider({
        name: 'kannel',
        url: `smpp://127.0.0.1:${port}`,
        systemId: 'foo',
        password: 'bar',
        systemType: 'VMA',
        binds: 'separate',
        longTexts: 'udh',
        idForms: { submit: 'text', receipt: 'text' },
        enquireIntervalMs: 100,
        linkTimeoutMs: 5_000,
        reconnectFirstMs: 50,
        reconnectMaxMs: 500,
        timeoutMs: 10_000,
        windowMax: 10,
        throttledMs: 1_000,
        onReceipt: () => Promise.resolve(),
        onText: () => Promise.resolve(),
        onProblem: (problem) => problems.push(problem),
      })
      for (const body of texts) {
        const message = newMessage({ body })
        const result = await provider.send(permitFor(message), message)
        assert.equal(result.kind, 'accepted', JSON.stringify(result))
      }
      const count = (line: string) => log().toString('latin1').split(line).length - 1
      await eventually(
        () => Promise.resolve(count('of type enquire_link\n')),
        (enquiries) => enquiries >= 2,
      )
      await eventually(
        () => Promise.resolve(count('of type deliver_sm_resp')),
        (answers) => answers === parts,
      )
      await provider.close()
      assert.equal(await ended, 0, log().toString('latin1'))
      assert.equal(count('of type submit_sm\n'), parts)
      assert.equal(count('of type unbind\n'), 2)
      assert.equal(count('PANIC'), 0)
      // It prints octets as they came: the escape and its character, then UTF-16 with the high octet first.
      assert.ok(log().includes(Buffer.from('<Hello \u001be>', 'latin1')))
      assert.ok(log().includes(Buffer.from([0x04, 0x4f, 0xd8, 0x3d, 0xde])))
      // Its messages of subscribers are told, and nothing of them is repeated.
      assert.deepEqual(new Set(problems), new Set(['a text came from no number']))
      assert.equal(problems.length, parts)
    },
  )
})

/** `messages`: how many it sends, and how many it waits for before it ends. */
async function startCentre(messages: number) {
  // It wants a box to report to, at a port that cannot be chosen; a listener that keeps silent is enough.
  const box = createServer((socket) => socket.on('error', () => {}).resume())
  const listens = await new Promise<boolean>((resolve) => {
    box.once('error', () => resolve(false))
    box.listen(BOX_PORT, '127.0.0.1', () => resolve(true))
  })
  if (!listens) return undefined
  const port = await freePort()
  const child = spawn(centre, ['-v', '0', '-p', String(port), '-m', String(messages)])
  let output = Buffer.alloc(0)
  const take = (chunk: Buffer) => {
    output = Buffer.concat([output, chunk])
  }
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  after(async () => {
    child.kill('SIGKILL')
    await ended
    box.close()
  })
  return { port, ended, log: () => output }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
