// What each vendor gets, byte for byte where it matters, and what its look-up or replay proves.
import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { describe, test } from 'node:test'
import { generic } from '../../src/providers/generic/generic.ts'
import type { OutgoingMessage, SmsProvider } from '../../src/providers/provider.ts'
import { newMessage, permitFor, RECIPIENT } from './contract.ts'
import { genericOptions, httpSubjects, receiptUrl } from './http-subjects.ts'
import { startHttpPeer, type Script, type SeenRequest } from './scripted-http-peer.ts'

async function against<Result>(
  name: string,
  script: Script | ((request: SeenRequest) => Script),
  work: (provider: SmsProvider, requests: readonly SeenRequest[], origin: string) => Promise<Result>,
): Promise<Result> {
  const peer = await startHttpPeer(script)
  const subject = httpSubjects.find((candidate) => candidate.name === name)
  assert.ok(subject)
  const provider = subject.open(peer.origin)
  try {
    return await work(provider, peer.requests, peer.origin)
  } finally {
    await provider.close()
    await peer.close()
  }
}

async function requestOf(name: string, message: OutgoingMessage) {
  const { accepted } = httpSubjects.find((candidate) => candidate.name === name) ?? assert.fail()
  return against(name, { kind: 'answer', ...accepted }, async (provider, requests, origin) => {
    assert.equal((await provider.send(permitFor(message), message)).kind, 'accepted')
    const request = requests[0] ?? assert.fail('no request')
    return { ...request, origin }
  })
}

const form = (body: string) => Object.fromEntries(new URLSearchParams(body))
const text = 'Grüße & "quotes" {{recipient}} 😀'
const message = newMessage({ body: text, firstSentAtMs: Date.UTC(2026, 0, 2, 3, 4, 5) })
const { messageUuid } = message

describe('requests', () => {
  test('twilio: a form, with an address of its own for the receipt', async () => {
    const { path, headers, body } = await requestOf('twilio', message)
    assert.equal(path, `/2010-04-01/Accounts/AC${'a'.repeat(32)}/Messages.json`)
    assert.equal(headers['content-type'], 'application/x-www-form-urlencoded')
    assert.match(String(headers['authorization']), /^Basic /)
    assert.deepEqual(form(body), {
      To: RECIPIENT,
      From: '+12025550199',
      Body: text,
      StatusCallback: `${receiptUrl}/${messageUuid}`,
    })
  })

  test('vonage: digits, unicode by need, client-ref', async () => {
    const { path, body } = await requestOf('vonage', message)
    assert.equal(path, '/sms/json')
    const fields = form(body)
    assert.deepEqual(
      [fields['to'], fields['type'], fields['client-ref'], fields['text']],
      [RECIPIENT.slice(1), 'unicode', messageUuid, text],
    )
    assert.equal(form((await requestOf('vonage', newMessage())).body)['type'], 'text')
  })

  test('infobip: our uuid is the id there', async () => {
    const { path, headers, body } = await requestOf('infobip', message)
    assert.equal(path, '/sms/3/messages')
    assert.equal(headers['authorization'], 'App infobip-key')
    const [sent] = (JSON.parse(body) as { messages: { destinations: unknown; content: unknown }[] }).messages
    assert.deepEqual(sent?.destinations, [{ to: RECIPIENT.slice(1), messageId: messageUuid }])
    assert.deepEqual(sent?.content, { text })
  })

  test('telnyx, plivo, sinch, bird: JSON with the reference where the vendor keeps it', async () => {
    const at = async (name: string) => JSON.parse((await requestOf(name, message)).body) as object
    const address = `${receiptUrl}/${messageUuid}`
    assert.deepEqual(
      { ...(await at('telnyx')), webhook_url: address, text, to: RECIPIENT },
      await at('telnyx'),
    )
    assert.deepEqual({ ...(await at('plivo')), url: address, dst: RECIPIENT.slice(1) }, await at('plivo'))
    assert.deepEqual({ ...(await at('sinch')), client_reference: messageUuid, body: text }, await at('sinch'))
    const tags = [{ name: 'message_uuid', value: messageUuid }]
    assert.deepEqual({ ...(await at('bird')), tags, text }, await at('bird'))
    assert.equal((await requestOf('bird', message)).headers['idempotency-key'], messageUuid)
  })

  test('aws: signature version 4 over what is on the wire', async () => {
    const { body, headers, origin } = await requestOf('aws', message)
    assert.deepEqual((JSON.parse(body) as { Context: unknown }).Context, { message_uuid: messageUuid })
    assert.equal(headers['authorization'], signatureV4(body, headers, new URL(origin).host))
  })

  test('azure: HMAC over method, path, date, host and hash; the same request for the same first time', async () => {
    const { path, body, headers, origin } = await requestOf('azure', message)
    const hash = createHash('sha256').update(body).digest('base64')
    assert.equal(headers['x-ms-content-sha256'], hash)
    const signed = `POST\n${path}\n${String(headers['x-ms-date'])};${new URL(origin).host};${hash}`
    const signature = createHmac('sha256', 'azure-key').update(signed).digest('base64')
    assert.ok(String(headers['authorization']).endsWith(`&Signature=${signature}`))
    const { smsRecipients } = JSON.parse(body) as { smsRecipients: object[] }
    assert.deepEqual(smsRecipients, [
      {
        to: RECIPIENT,
        repeatabilityRequestId: messageUuid,
        repeatabilityFirstSent: 'Fri, 02 Jan 2026 03:04:05 GMT',
      },
    ])
    assert.equal((await requestOf('azure', message)).body, body)
  })

  test('generic: values stay values, whatever they hold', async () => {
    const evil = newMessage({ body: '"},{"to":"x\\ {{sender}} $& %41' })
    const { path, body, headers } = await requestOf('generic', evil)
    assert.equal(path, `/send/${evil.messageUuid}?unicode=auto`)
    assert.equal(headers['idempotency-key'], evil.messageUuid)
    assert.deepEqual(JSON.parse(body), {
      to: RECIPIENT.slice(1),
      text: evil.body,
      from: evil.sender,
      parts: 1,
    })
  })

  test('generic: a text that no address can hold is refused before any byte', () =>
    against('generic', { kind: 'silence' }, async (_, requests, origin) => {
      const request = { ...genericOptions.request, path: '/{{body}}' }
      const provider = generic({ ...genericOptions, origin, request })
      const torn = newMessage({ body: 'a\ud83d' })
      assert.equal((await provider.send(permitFor(torn), torn)).kind, 'refused')
      assert.equal(requests.length, 0)
      await provider.close()
    }))

  test('generic: a wrong description is refused when it is opened', () => {
    const origin = 'http://127.0.0.1:9'
    const { request, success } = genericOptions
    const misspelt = { ...request, path: '/{{recipent}}' }
    assert.throws(() => generic({ ...genericOptions, origin, request: misspelt }), /placeholders: recipent$/)
    assert.throws(() => generic({ ...genericOptions, origin, success: { ...success, idPath: '$..[' } }))
  })

  test('generic: success and refusal at once prove nothing; a long integer id keeps its digits', async () => {
    const both = { status: 'ok', code: '17', result: { messages: [{ id: 'x' }] } }
    const script = (body: string): Script => ({ kind: 'answer', status: 200, body })
    const send = (body: string) =>
      against('generic', script(body), (provider) => provider.send(permitFor(message), message))
    assert.equal((await send(JSON.stringify(both))).kind, 'unknown')
    assert.deepEqual(await send('{"status":"ok","result":{"messages":[{"id":12345678901234567890}]}}'), {
      kind: 'accepted',
      providerMessageId: '12345678901234567890',
    })
  })
})

/** Signature version 4, from its description, for a POST to `/`. */
function signatureV4(body: string, headers: SeenRequest['headers'], host: string): string {
  const date = String(headers['x-amz-date'])
  const names = ['content-type', 'host', 'x-amz-date', 'x-amz-target']
  const canonical = names
    .map((name) => `${name}:${name === 'host' ? host : String(headers[name])}\n`)
    .join('')
  const digest = (value: string) => createHash('sha256').update(value).digest('hex')
  const mac = (key: string | Buffer, value: string) => createHmac('sha256', key).update(value).digest()
  const scope = `${date.slice(0, 8)}/eu-west-1/sms-voice/aws4_request`
  const request = `POST\n/\n\n${canonical}\n${names.join(';')}\n${digest(body)}`
  const key = scope.split('/').reduce<string | Buffer>(mac, 'AWS4aws-secret')
  const signature = mac(key, `AWS4-HMAC-SHA256\n${date}\n${scope}\n${digest(request)}`).toString('hex')
  const credential = `Credential=AKIDEXAMPLE/${scope}`
  return `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`
}

describe('look-ups', () => {
  const found: Record<string, (reference: string) => unknown> = {
    vonage: (reference) => ({ records: [{ message_id: 'found', client_ref: reference }] }),
    infobip: (reference) => ({ results: [{ messageId: reference, status: { groupName: 'DELIVERED' } }] }),
    sinch: (reference) => ({ count: 1, batches: [{ id: 'found', client_reference: reference }] }),
    bird: (reference) => ({ data: [{ id: 'found', tags: [{ name: 'message_uuid', value: reference }] }] }),
  }
  const past = { messageUuid, sentAtMs: Date.UTC(2026, 0, 2) }
  const lookUp = (name: string, script: Script, seen?: (request: SeenRequest) => void) =>
    against(name, script, async ({ protection }, requests) => {
      assert.ok(protection.kind === 'lookupByReference')
      const evidence = await protection.lookUp(past)
      assert.equal(requests.length, 1)
      seen?.(requests[0] ?? assert.fail())
      return evidence
    })

  for (const [name, answerFor] of Object.entries(found)) {
    const ok = (value: unknown): Script => ({ kind: 'answer', status: 200, body: JSON.stringify(value) })

    test(`${name}: found proves sent`, async () => {
      const evidence = await lookUp(name, ok(answerFor(messageUuid)), ({ method, path }) => {
        assert.equal(method, 'GET')
        assert.ok(path.includes(messageUuid), path)
        assert.ok(!path.includes('/reports?') || name === 'vonage', 'reports are never taken')
      })
      const providerMessageId = name === 'infobip' ? messageUuid : 'found'
      assert.deepEqual(evidence, { kind: 'sent', providerMessageId })
    })

    test(`${name}: everything else proves nothing`, async () => {
      const scripts: Script[] = [
        ok(answerFor('00000000-0000-7000-8000-000000000000')),
        ok(JSON.parse(JSON.stringify(answerFor('x')).replace(/\[\{.*\}\]/, '[]'))),
        ok({}),
        { kind: 'answer', status: 404, body: '{}' },
        { kind: 'answer', status: 500, body: JSON.stringify(answerFor(messageUuid)) },
        { kind: 'answer', status: 200, body: '<html>', headers: { 'content-type': 'text/html' } },
        { kind: 'reset' },
        { kind: 'silence' },
      ]
      for (const script of scripts) {
        assert.equal((await lookUp(name, script)).kind, 'proves_nothing', JSON.stringify(script))
      }
    })
  }

  test('infobip: a message that was rejected is found, and not sent', async () => {
    const results = [{ messageId: messageUuid, status: { groupName: 'REJECTED' } }]
    const script: Script = { kind: 'answer', status: 200, body: JSON.stringify({ results }) }
    assert.equal((await lookUp('infobip', script)).kind, 'proves_nothing')
  })
})

describe('replays', () => {
  for (const name of ['azure', 'generic']) {
    const subject = httpSubjects.find((candidate) => candidate.name === name) ?? assert.fail()
    const replay = (script: Script, firstSentAtMs: number) =>
      against(name, script, async ({ protection }, requests) => {
        assert.ok(protection.kind === 'dedupe')
        const again = { ...newMessage(), firstSentAtMs }
        const evidence = await protection.replay(permitFor(again), again)
        return { evidence, requests: requests.length }
      })

    test(`${name}: accepted inside the window proves sent`, async () => {
      const { evidence, requests } = await replay({ kind: 'answer', ...subject.accepted }, Date.now() - 1_000)
      assert.deepEqual(evidence, { kind: 'sent', providerMessageId: subject.accepted.id })
      assert.equal(requests, 1)
    })

    test(`${name}: a refusal of the replay says nothing of the first request`, async () => {
      for (const answer of [subject.refused, subject.throttled, subject.failed]) {
        const { evidence } = await replay({ kind: 'answer', ...answer }, Date.now() - 1_000)
        assert.equal(evidence.kind, 'proves_nothing')
      }
    })

    test(`${name}: outside the window nothing is sent`, async () => {
      for (const at of [Date.now() - 3_600_000, Date.now() + 60_000]) {
        const { evidence, requests } = await replay({ kind: 'answer', ...subject.accepted }, at)
        assert.deepEqual([evidence.kind, requests], ['proves_nothing', 0])
      }
    })
  }
})
