// An existing application as the legacy driver: the contract of every provider, and its table of answers.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { httpLegacyDriver } from '../../src/gateway/http-legacy-driver.ts'
import {
  BODY,
  newMessage,
  permitFor,
  providerContract,
  RECIPIENT,
  TIMEOUT_MS,
  type Behaviour,
} from './contract.ts'
import { startHttpPeer, type Script } from './scripted-http-peer.ts'

const open = (origin: string) =>
  httpLegacyDriver({
    url: `${origin}/sms?from=baton`,
    token: 'secret',
    timeoutMs: TIMEOUT_MS,
    connectionsMax: 4,
  })
const answer = (status: number, body: string, headers: Record<string, string> = {}): Script => ({
  kind: 'answer',
  status,
  body,
  headers,
})
const page = { 'content-type': 'text/html' }
const html = `<html><body>Sorry: ${RECIPIENT} ${BODY}</body></html>`
const prose = JSON.stringify({ message: `cannot send "${BODY}" to ${RECIPIENT}` })

const scripts: Record<Behaviour, Script> = {
  accept: answer(200, '{"provider_message_id":"app-1"}'),
  refuse: answer(422, prose),
  throttle: answer(429, prose),
  silence: { kind: 'silence' },
  reset: { kind: 'reset' },
  server_error: answer(500, prose),
  redirect: answer(307, '', { location: '/elsewhere' }),
  garbage: answer(200, html, page),
  absent: answer(200, ''),
}

providerContract({
  name: 'legacy-http',
  acceptedAs: 'app-1',
  skip: { throttle: 'a 429 can come from something in between, after the message went on: see the table' },
  async start(behaviour) {
    const peer = await startHttpPeer(scripts[behaviour])
    if (behaviour === 'absent') await peer.close()
    return {
      provider: open(peer.origin),
      submissions: () => peer.requests.map(({ body }) => body),
      stop: () => (behaviour === 'absent' ? Promise.resolve() : peer.close()),
    }
  },
})

const table: readonly (readonly [string, Script, 'accepted' | 'refused' | 'unknown'])[] = [
  ['200 with an id', answer(200, '{"provider_message_id":"app-1","more":1}'), 'accepted'],
  ['201 without an id', answer(201, '{}'), 'accepted'],
  ['202 with an id that is no text', answer(202, '{"provider_message_id":7}'), 'accepted'],
  ['204', answer(204, ''), 'accepted'],
  ['200 without a body', answer(200, ''), 'accepted'],
  ['200 with a page, a login for example', answer(200, html, page), 'unknown'],
  ['200 with text', answer(200, 'OK', { 'content-type': 'text/plain' }), 'unknown'],
  ['200 with a list', answer(200, '[]'), 'unknown'],
  ['200 with JSON that is cut', answer(200, '{"provider_message_id":"ap'), 'unknown'],
  ['200 that is cut on the wire', { kind: 'cut', status: 200, body: '{}' }, 'unknown'],
  ...[400, 401, 403, 404, 405, 410, 413, 415, 422].map(
    (status) => [`${status} with an object`, answer(status, prose), 'refused'] as const,
  ),
  ['403 of a wall', answer(403, html, page), 'unknown'],
  ['404 of a server in front', answer(404, html, page), 'unknown'],
  ['422 without a body', answer(422, ''), 'unknown'],
  ...[402, 408, 409, 423, 425, 429, 451, 499].map(
    (status) => [`${status}`, answer(status, prose), 'unknown'] as const,
  ),
  ...[301, 302, 303, 307, 308].map(
    (status) => [`${status}`, answer(status, '{}', { location: '/elsewhere' }), 'unknown'] as const,
  ),
  ...[500, 502, 503, 504].map((status) => [`${status}`, answer(status, prose), 'unknown'] as const),
]

test(`legacy-http: ${table.length} answers, each asked for once`, async () => {
  const peer = await startHttpPeer({ kind: 'silence' })
  const driver = open(peer.origin)
  try {
    for (const [title, script, expected] of table) {
      peer.script = script
      const message = newMessage()
      const before = peer.requests.length
      const result = await driver.send(permitFor(message), message)
      assert.equal(result.kind, expected, `${title}: ${JSON.stringify(result)}`)
      assert.equal(peer.requests.length, before + 1, title)
      assert.ok(!JSON.stringify(result).includes('canary'), title)
      if (result.kind === 'accepted') {
        const isNamed = title === '200 with an id'
        assert.equal(result.providerMessageId, isNamed ? 'app-1' : message.messageUuid, title)
      }
    }
  } finally {
    await driver.close()
    await peer.close()
  }
})

test('legacy-http: what is asked for, and how', async () => {
  const peer = await startHttpPeer(scripts.accept)
  const driver = open(peer.origin)
  try {
    const message = newMessage({ sender: null })
    await driver.send(permitFor(message), message)
    const [{ method, path, headers, body } = assert.fail()] = peer.requests
    assert.deepEqual([method, path], ['POST', '/sms?from=baton'])
    assert.deepEqual([headers['authorization'], headers['accept']], ['Bearer secret', 'application/json'])
    assert.deepEqual(JSON.parse(body), { message_uuid: message.messageUuid, to: RECIPIENT, body: BODY })
  } finally {
    await driver.close()
    await peer.close()
  }
})
