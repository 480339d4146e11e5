// Vendors' OpenAPI documents as peers: what goes out is what they document, and what they answer is understood.
// The documents are not part of the project: BATON_TEST_SPECS names their folder, else a folder `specs` beside
// the checkout is looked for.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { SmsProvider } from '../../src/providers/provider.ts'
import { newMessage, permitFor } from './contract.ts'
import { httpSubjects } from './http-subjects.ts'
import { startRecordingProxy, type RecordingProxy } from './recording-proxy.ts'

const root = join(import.meta.dirname, '../..')
const prism = join(root, '.baton/peers/node_modules/@stoplight/prism-cli/dist/index.js')

interface Document {
  readonly vendor: string
  readonly file: string
  readonly prefix: string
  /** Documented answers besides success, and what they prove. */
  readonly answers: readonly (readonly [status: number, kind: string])[]
  readonly lookUp: boolean
}

const documents: readonly Document[] = [
  { vendor: 'twilio', file: 'twilio_api_v2010.json', prefix: '', answers: [], lookUp: false },
  { vendor: 'vonage', file: 'vonage-sms.yml', prefix: '/sms', answers: [], lookUp: false },
  {
    vendor: 'infobip',
    file: 'infobip-sms-openapi.json',
    prefix: '',
    answers: [
      [400, 'refused'],
      [401, 'refused'],
      [403, 'refused'],
      [500, 'unknown'],
    ],
    lookUp: true,
  },
]

for (const { vendor, file, prefix, answers, lookUp } of documents) {
  const path = documentAt(file)
  const skip = whyNot(path, file)
  describe(`${vendor} by its OpenAPI document`, { skip }, () => {
    let mock: Awaited<ReturnType<typeof startMock>>
    let proxy: RecordingProxy
    let provider: SmsProvider
    before(async () => {
      mock = await startMock(path ?? '')
      proxy = await startRecordingProxy(mock.origin, prefix)
      const subject = httpSubjects.find(({ name }) => name === vendor) ?? assert.fail()
      provider = subject.open(proxy.origin, 20_000)
    })
    after(async () => {
      await provider.close()
      await proxy.close()
      await mock.stop()
    })
    const send = async (body = 'Hello 😀 {[€]}') => {
      const message = newMessage({ body })
      return provider.send(permitFor(message), message)
    }

    test('a request is as documented, and its documented answer is an acceptance', async () => {
      for (const body of ['plain', 'Hello 😀 {[€]}', 'x'.repeat(400)]) {
        assert.equal((await send(body)).kind, 'accepted', JSON.stringify(proxy.exchanges.at(-1)))
        assert.deepEqual(proxy.exchanges.at(-1)?.requestViolations, [])
      }
    })

    test('the connection is cut after the vendor took it: unknown, and not sent again', async () => {
      const taken = proxy.exchanges.length
      proxy.cutsAfterForwarding = true
      const result = await send()
      proxy.cutsAfterForwarding = false
      assert.equal(result.kind, 'unknown')
      assert.equal(proxy.exchanges.length, taken + 1)
      assert.ok((proxy.exchanges.at(-1)?.status ?? 0) < 300, 'the vendor had accepted')
    })

    for (const [status, kind] of answers) {
      test(`its documented ${status} is ${kind}`, async () => {
        proxy.headers = { prefer: `code=${status}` }
        const result = await send()
        proxy.headers = {}
        assert.equal(proxy.exchanges.at(-1)?.status, status)
        assert.equal(result.kind, kind, proxy.exchanges.at(-1)?.answer)
      })
    }

    test(
      'a look-up is as documented; what it finds of others proves nothing',
      { skip: !lookUp && 'the document has none' },
      async () => {
        const { protection } = provider
        assert.ok(protection.kind === 'lookupByReference')
        const { messageUuid } = newMessage()
        const evidence = await protection.lookUp({ messageUuid, sentAtMs: Date.now() })
        assert.deepEqual(evidence, { kind: 'proves_nothing', reason: 'the vendor does not find it' })
        assert.deepEqual(
          [proxy.exchanges.at(-1)?.status, proxy.exchanges.at(-1)?.requestViolations],
          [200, []],
        )
      },
    )

    test('the mock does object to what the document forbids', async () => {
      const { path = '' } = proxy.exchanges[0] ?? {}
      await fetch(proxy.origin + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: 'Basic eDp5' },
        body: '{"nothing":"of it"}',
      })
      const { status = 0, requestViolations } = proxy.exchanges.at(-1) ?? {}
      assert.ok(status >= 400 || (requestViolations?.length ?? 0) > 0, `${status}`)
    })
  })
}

function documentAt(file: string): string | undefined {
  const folder = process.env['BATON_TEST_SPECS']
  if (folder !== undefined) return join(folder, file)
  const [found] = globSync(`../*/specs/${file}`, { cwd: root })
  return found === undefined ? undefined : join(root, found)
}

function whyNot(path: string | undefined, file: string): string | false {
  if (path === undefined || !existsSync(path))
    return `no document ${file}: name its folder in BATON_TEST_SPECS`
  return existsSync(prism) ? false : 'no mock: copy test/providers/peers to .baton/peers and run npm ci there'
}

async function startMock(document: string) {
  const port = await freePort()
  const child = spawn(process.execPath, [prism, 'mock', '-h', '127.0.0.1', '-p', String(port), document])
  let output = ''
  const listening = new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-4_000)
      if (output.includes('is listening')) resolve()
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.on('exit', (code) => reject(new Error(`mock: ended with ${code}: ${output}`)))
  })
  await listening
  return {
    origin: `http://127.0.0.1:${port}`,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      await ended
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
