// What the carrier calls back with: signed, together, again when nobody takes it, and never for ever.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { pino } from 'pino'
import { callbackSignature } from '../contract/carrier-callback.ts'
import { createCallbacks } from './callbacks.ts'
import type { CarrierEntry } from './carrier-entry.ts'

const SECRET = 'a-carrier-secret'
const entry = (id: string): CarrierEntry => ({
  at: '2026-01-02T03:04:05.000Z',
  account: 'service',
  to: '+12025550101',
  from: null,
  body: 'hello',
  reference: 'a reference',
  provider_message_id: id,
})
const soon = [{ status: 'sent', afterMs: 1 }] as const

interface Heard {
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

/** Answers with these statuses in turn, the last one ever after. */
async function listen(...statuses: number[]) {
  const heard: Heard[] = []
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const status = statuses[heard.push({ headers: request.headers, body }) - 1] ?? statuses.at(-1) ?? 202
      response.writeHead(status).end('{}')
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  after(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/receipts/x?y=1`
  const callbacks = createCallbacks({
    urls: { service: url },
    secret: SECRET,
    log: pino({ level: 'silent' }),
  })
  after(() => callbacks.close())
  const until = async (count: number): Promise<void> => {
    for (let tries = 0; heard.length < count; tries++) {
      assert.ok(tries < 500, `heard ${heard.length} of ${count}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  return { heard, callbacks, until }
}

const idsOf = ({ body }: Heard) =>
  (JSON.parse(body) as { deliveries: { id: string }[] }).deliveries.map(({ id }) => id)

test('is signed over its time and its very bytes, and names the carrier’s id alone', async () => {
  const { heard, callbacks, until } = await listen(202)
  callbacks.report(entry('one'), soon)
  await until(1)
  const [{ headers, body } = assert.fail()] = heard
  const seconds = String(headers['x-carrier-timestamp'])
  assert.equal(headers['x-carrier-signature'], callbackSignature(SECRET, seconds, body))
  assert.notEqual(headers['x-carrier-signature'], callbackSignature('guess', seconds, body))
  assert.doesNotMatch(body, /reference|hello|5550101/)
})

test('a hundred at most in a call, one call at a time', async () => {
  const { heard, callbacks, until } = await listen(202)
  for (let n = 0; n < 250; n++) callbacks.report(entry(String(n)), soon)
  await until(3)
  const ids = heard.flatMap(idsOf)
  assert.ok(heard.every((call) => idsOf(call).length <= 100))
  assert.equal(new Set(ids).size, ids.length)
})

test('what nobody takes is told again; what is refused is not', async () => {
  const again = await listen(503, 202)
  again.callbacks.report(entry('one'), soon)
  await again.until(2)
  assert.deepEqual(again.heard.map(idsOf), [['one'], ['one']])
  const refused = await listen(401)
  refused.callbacks.report(entry('one'), soon)
  await refused.until(1)
  refused.callbacks.report(entry('two'), soon)
  await refused.until(2)
  assert.deepEqual(refused.heard.map(idsOf), [['one'], ['two']])
})

test('an account that gave no address is told nothing', async () => {
  const { heard, callbacks, until } = await listen(202)
  callbacks.report({ ...entry('theirs'), account: 'legacy' }, soon)
  assert.equal(await callbacks.reply('legacy', { from: '+12025550101', to: null, body: 'STOP' }), false)
  callbacks.report(entry('ours'), soon)
  await until(1)
  assert.deepEqual(heard.map(idsOf), [['ours']])
})
