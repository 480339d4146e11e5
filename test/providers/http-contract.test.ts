// The provider contract, and every answer that proves nothing, for each vendor over HTTP.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { BODY, newMessage, permitFor, providerContract, RECIPIENT, type Behaviour } from './contract.ts'
import { httpSubjects, type HttpSubject } from './http-subjects.ts'
import { startHttpPeer, type Answer, type Script } from './scripted-http-peer.ts'

const answer = (given: Answer): Script => ({ kind: 'answer', ...given })
const html = `<html><body>Sorry: ${RECIPIENT} ${BODY}</body></html>`

function scriptOf(subject: HttpSubject, behaviour: Behaviour): Script {
  switch (behaviour) {
    case 'accept':
      return answer(subject.accepted)
    case 'refuse':
      return answer(subject.refused)
    case 'throttle':
      return answer(subject.throttled)
    case 'silence':
    case 'reset':
      return { kind: behaviour }
    case 'server_error':
      return answer(subject.failed)
    case 'redirect':
      return answer({ status: 307, headers: { location: '/elsewhere' }, body: '' })
    case 'garbage':
    case 'absent':
      return answer({ status: 200, body: html, headers: { 'content-type': 'text/html' } })
  }
}

for (const subject of httpSubjects) {
  providerContract({
    name: subject.name,
    acceptedAs: subject.accepted.id,
    skip: {},
    async start(behaviour) {
      const peer = await startHttpPeer(scriptOf(subject, behaviour))
      if (behaviour === 'absent') await peer.close()
      return {
        provider: subject.open(peer.origin),
        submissions: () =>
          peer.requests.map(({ path, headers, body }) =>
            decodeURIComponent(`${path}\n${JSON.stringify(headers)}\n${body}`.replaceAll('%', '%25')),
          ),
        stop: () => (behaviour === 'absent' ? Promise.resolve() : peer.close()),
      }
    },
  })

  describe(`${subject.name}: what an answer proves`, () => {
    const { accepted, refused, failed } = subject
    const type = (value: string) => ({ headers: { 'content-type': value } })
    const unproven: Record<string, Script> = {
      'the acceptance, cut in its JSON': answer({ ...accepted, body: accepted.body.slice(0, -2) }),
      'the acceptance, cut on the wire': { kind: 'cut', ...accepted },
      'the refusal, cut in its JSON': answer({ ...refused, body: refused.body.slice(0, -2) }),
      'the acceptance as text/html': answer({ ...accepted, ...type('text/html') }),
      'the refusal as text/plain': answer({ ...refused, ...type('text/plain') }),
      'the refusal under 500': answer({ ...refused, status: 500 }),
      'the refusal under 409': answer({ ...refused, status: 409 }),
      'the acceptance under 500': answer({ ...accepted, status: 500 }),
      'a failure of its own under 503': answer({ ...failed, status: 503 }),
      'a 502 in HTML': answer({ status: 502, body: html, ...type('text/html') }),
      'a 504 without a body': answer({ status: 504, body: '' }),
      'a 200 without a body': answer({ status: 200, body: '' }),
      'a 204': answer({ status: 204, body: '' }),
      'a 200 with an empty object': answer({ status: 200, body: '{}' }),
      'a 200 with a list': answer({ status: 200, body: '[]' }),
      'a 200 with null': answer({ status: 200, body: 'null' }),
      'a 400 in HTML': answer({ status: 400, body: html, ...type('text/html') }),
      'a 403 of some wall in HTML': answer({ status: 403, body: html, ...type('text/html') }),
      'a 308': answer({ status: 308, body: '', headers: { location: '/elsewhere' } }),
    }
    test('nothing, for these answers', async () => {
      const peer = await startHttpPeer({ kind: 'silence' })
      const provider = subject.open(peer.origin)
      try {
        for (const [title, script] of Object.entries(unproven)) {
          peer.script = script
          const message = newMessage()
          const before = peer.requests.length
          const result = await provider.send(permitFor(message), message)
          assert.equal(result.kind, 'unknown', `${title}: ${JSON.stringify(result)}`)
          assert.equal(peer.requests.length, before + 1, `${title}: one request`)
          assert.ok(!JSON.stringify(result).includes('canary'), title)
        }
      } finally {
        await provider.close()
        await peer.close()
      }
    })

    const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1_000).toUTCString()
    // Dates are made when they are sent: the run may have waited for a processor until then.
    const pauses: Record<string, readonly [() => string | undefined, (ms: number) => boolean]> = {
      seconds: [() => '7', (ms) => ms === 7_000],
      'a date': [() => inSeconds(600), (ms) => ms > 300_000 && ms <= 600_000],
      'a date gone by': [() => inSeconds(-30), (ms) => ms === 0],
      'a day, which is bounded': [() => '86400', (ms) => ms === 3_600_000],
      nonsense: [() => 'soon', (ms) => ms === 1_000],
      nothing: [() => undefined, (ms) => ms === 1_000],
    }
    test('a 429 names its pause, or gets one', async () => {
      const peer = await startHttpPeer({ kind: 'silence' })
      const provider = subject.open(peer.origin)
      try {
        for (const [title, [retryAfterOf, holds]] of Object.entries(pauses)) {
          const retryAfter = retryAfterOf()
          const headers = retryAfter === undefined ? {} : { 'retry-after': retryAfter }
          peer.script = answer({ status: 429, body: '', headers })
          const message = newMessage()
          const result = await provider.send(permitFor(message), message)
          assert.ok(result.kind === 'refused' && result.blames === 'pace', JSON.stringify(result))
          assert.ok(holds(result.retryAfterMs ?? -1), `${title}: ${JSON.stringify(result)}`)
        }
      } finally {
        await provider.close()
        await peer.close()
      }
    })
  })
}
