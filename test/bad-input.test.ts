// Bad input: a clear problem document each, nothing recorded, nothing sent.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { reservedNumbers } from './support/numbers.ts'
import { OPERATOR_KEY, SEND_KEY, startSystem } from './support/system.ts'

const system = await startSystem({ gateway: { recipientsMax: 50 }, quotaLimit: 3 })
const [to, other] = reservedNumbers(2)
const body = 'hello'

interface ProblemBody {
  type: string
  title: string
  status: number
  detail: string
  code: string
}

async function nothingHappened(): Promise<void> {
  assert.deepEqual(await system.sql('select 1 from legacy.requests'), [])
  assert.deepEqual(await system.carrier(), [])
}

const cases: [string, unknown, number, string, RegExp][] = [
  ['not E.164', { to: '0170', body }, 400, 'invalid_input', /to/],
  ['letters in a number', { to: '+1202555x100', body }, 400, 'invalid_input', /to/],
  ['one bad number among good ones', { to: [to, '12'], body }, 400, 'invalid_input', /to/],
  ['no recipients', { to: [], body }, 400, 'invalid_input', /to/],
  ['no to', { body }, 400, 'invalid_input', /to/],
  ['no body', { to }, 400, 'invalid_input', /body/],
  ['an empty body', { to, body: '' }, 400, 'invalid_input', /body/],
  ['a body far too long', { to, body: 'x'.repeat(1_601) }, 400, 'invalid_input', /body/],
  ['a NUL byte', { to, body: 'a\0b' }, 400, 'invalid_input', /body/],
  ['a lone surrogate', '{"to":"+12025550100","body":"\\ud800"}', 400, 'invalid_input', /body/],
  ['an unknown field', { to, body, colour: 1 }, 400, 'invalid_input', /unknown field: colour/],
  ['a priority that is none', { to, body, priority: 1 }, 400, 'invalid_input', /priority/],
  ['a number for a string', { to, body: 5 }, 400, 'invalid_input', /body/],
  ['an object for a recipient', { to: { number: to }, body }, 400, 'invalid_input', /to/],
  ['a sender that is none', { to, body, from: 'way too long a name' }, 400, 'invalid_input', /from/],
  ['a reference with a NUL', { to, body, reference: '\0' }, 400, 'invalid_input', /reference/],
  ['not JSON', '{', 400, 'malformed_request', /JSON/],
  ['an array', '[]', 400, 'invalid_input', /object/],
  ['no body at all', '', 400, 'malformed_request', /empty/i],
  [
    'too many recipients',
    { to: reservedNumbers(51), body },
    400,
    'too_many_recipients',
    /51 recipients; at most 50/,
  ],
  ['a body of 10 MB', { to, body: 'x'.repeat(10 * 1024 * 1024) }, 413, 'body_too_large', /large/],
]

const TIMES: [string, object, string, RegExp][] = [
  [
    'a validity that has passed',
    { valid_until: '2020-01-01T00:00:00Z' },
    'expired',
    /valid_until: has passed/,
  ],
  [
    'a validity before send_at',
    { send_at: '2999-01-02T00:00:00Z', valid_until: '2999-01-01T00:00:00Z' },
    'invalid_input',
    /valid_until: does not lie after send_at/,
  ],
  [
    'a validity that ends when it begins',
    { send_at: '2999-01-01T00:00:00Z', valid_until: '2999-01-01T00:00:00.000Z' },
    'invalid_input',
    /does not lie after send_at/,
  ],
  ['the year 9999', { send_at: '9999-12-31T23:59:59Z' }, 'too_far_ahead', /more than 30 days ahead/],
  ['a year of five digits', { send_at: '10000-01-01T00:00:00Z' }, 'invalid_input', /send_at/],
  ['a year before all', { send_at: '0000-01-01T00:00:00Z' }, 'invalid_input', /send_at/],
  ['a leap second', { send_at: '2016-12-31T23:59:60Z' }, 'invalid_input', /send_at/],
  ['30 February', { valid_until: '2999-02-30T00:00:00Z' }, 'invalid_input', /valid_until/],
  ['hour 24', { valid_until: '2999-01-01T24:00:00Z' }, 'invalid_input', /valid_until/],
  ['a time with an offset', { send_at: '2999-01-01T00:00:00+01:00' }, 'invalid_input', /send_at/],
  ['a time without a zone', { send_at: '2999-01-01T00:00:00' }, 'invalid_input', /send_at/],
  ['a date alone', { valid_until: '2999-01-01' }, 'invalid_input', /valid_until/],
  ['milliseconds', { send_at: 1_900_000_000_000 }, 'invalid_input', /send_at/],
  ['an empty time', { valid_until: '' }, 'invalid_input', /valid_until/],
  ['null for a time', { send_at: null }, 'invalid_input', /send_at/],
  ['no segments', { segments_max: 0 }, 'invalid_input', /segments_max/],
  ['too many segments', { segments_max: 256 }, 'invalid_input', /segments_max/],
  ['half a segment', { segments_max: 1.5 }, 'invalid_input', /segments_max/],
]
cases.push(
  ...TIMES.map(([name, terms, code, detail]): (typeof cases)[number] => [
    name,
    { to, body, ...terms },
    400,
    code,
    detail,
  ]),
)

describe('POST /v1/sms', () => {
  for (const [name, content, status, code, detail] of cases) {
    test(`${name}: ${status}`, async () => {
      const reply = await system.call<ProblemBody>('POST', '/v1/sms', content, SEND_KEY)
      assert.equal(reply.status, status)
      assert.match(reply.headers.get('content-type') ?? '', /^application\/problem\+json/)
      assert.equal(reply.body.code, code)
      assert.equal(reply.body.status, status)
      assert.equal(reply.body.type, `urn:baton:problem:${code}`)
      assert.match(reply.body.detail, detail)
      assert.ok(!reply.body.detail.includes(body), 'no content of a message in an error')
      await nothingHappened()
    })
  }

  test('another media type: 415', async () => {
    const headers = { 'content-type': 'text/plain' }
    const reply = await system.call<ProblemBody>('POST', '/v1/sms', 'hello', SEND_KEY, headers)
    assert.equal(reply.status, 415)
    await nothingHappened()
  })

  for (const [name, key, status] of [
    ['no key', null, 401],
    ['a wrong key', 'nobody', 401],
    ['a key without the right', OPERATOR_KEY, 403],
  ] as const) {
    test(`${name}: ${status}, before the body is looked at`, async () => {
      const reply = await system.call<ProblemBody>('POST', '/v1/sms', { nonsense: true }, key)
      assert.equal(reply.status, status)
      assert.ok(reply.body.detail.length > 5)
      await nothingHappened()
    })
  }

  test('an expired and a revoked key: 401', async () => {
    await system.sql(
      `update legacy.api_keys set expires_at = now() - interval '1 second' where label = 'test sender'`,
    )
    await new Promise((resolve) => setTimeout(resolve, 1_100)) // a known key is remembered for a second
    assert.equal((await system.send({ to, body })).status, 401)
    await system.sql(
      `update legacy.api_keys set expires_at = null, revoked_at = now() where label = 'test sender'`,
    )
    assert.equal((await system.send({ to, body })).status, 401)
    await system.sql(`update legacy.api_keys set revoked_at = null where label = 'test sender'`)
    await nothingHappened()
  })

  test('a malformed Idempotency-Key: 400', async () => {
    const reply = await system.send({ to, body }, { 'idempotency-key': 'with space' })
    assert.equal(reply.status, 400)
    await nothingHappened()
  })

  test('no quota: 402 with what was asked and what is left, nothing half done', async () => {
    await system.mode('ON')
    const reply = await system.call<ProblemBody>(
      'POST',
      '/v1/sms',
      { to: reservedNumbers(4), body },
      SEND_KEY,
    )
    assert.equal(reply.status, 402)
    assert.match(reply.body.detail, /4 messages, room for 3/)
    await nothingHappened()
    const replies = await Promise.all(Array.from({ length: 6 }, () => system.send({ to, body })))
    const accepted = replies.filter(({ status }) => status === 202).length
    assert.equal(accepted, 3, 'concurrent callers cannot overdraw')
    assert.deepEqual(await system.sql('select used, reserved from legacy.quota_accounts'), [
      { used: 3, reserved: 0 },
    ])
  })
})

describe('other resources', () => {
  test('an unknown message is 404, also one of another tenant', async () => {
    await system.mode('OFF')
    const sent = await system.send({ to: other, body })
    const uuid = sent.body.messages[0]?.message_uuid
    assert.equal((await system.call('GET', `/v1/sms/${uuid}`, undefined, SEND_KEY)).status, 200)
    await system.sql(`update legacy.sms_logs set tenant = 'acme' where message_uuid = '${uuid}'`)
    assert.equal((await system.call('GET', `/v1/sms/${uuid}`, undefined, SEND_KEY)).status, 404)
    const none = await system.call('GET', '/v1/sms/01890000-0000-7000-8000-00000000dead', undefined, SEND_KEY)
    assert.equal(none.status, 404)
    assert.equal((await system.call('GET', '/v1/sms/not-a-uuid', undefined, SEND_KEY)).status, 400)
    assert.equal((await system.call('GET', '/v1/nothing', undefined, SEND_KEY)).status, 404)
  })

  for (const [name, change] of [
    ['another word', { mode: 'MAYBE', reason: 'x' }],
    ['lower case', { mode: 'on', reason: 'x' }],
    ['no reason', { mode: 'ON' }],
    ['a ramp over 100', { mode: 'ON', ramp_percent: 101, reason: 'x' }],
    ['everyone as a tenant', { mode: 'ON', tenant: '*', reason: 'x' }],
  ] as const) {
    test(`PUT /operator/mode with ${name}: 400, the mode stays`, async () => {
      const before = await system.call<{ epoch: number }>('GET', '/operator/mode', undefined, OPERATOR_KEY)
      assert.equal((await system.call('PUT', '/operator/mode', change, OPERATOR_KEY)).status, 400)
      const after = await system.call<{ epoch: number }>('GET', '/operator/mode', undefined, OPERATOR_KEY)
      assert.equal(after.body.epoch, before.body.epoch)
    })
  }

  test('the operator’s resources need the operator’s key', async () => {
    for (const path of [
      '/operator/mode',
      '/operator/status',
      '/operator/messages/01890000-0000-7000-8000-00000000dead',
    ]) {
      assert.equal((await system.call('GET', path, undefined, null)).status, 401)
      assert.equal((await system.call('GET', path, undefined, SEND_KEY)).status, 403)
    }
  })
})

describe('the service', () => {
  const post = async (content: unknown) => {
    const response = await fetch(`${system.serviceUrl}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: typeof content === 'string' ? content : JSON.stringify(content),
    })
    return {
      status: response.status,
      body: (await response.json()) as { service: string; error: { code: string } },
    }
  }
  const message = { message_uuid: '01890000-0000-7000-8000-00000000beef', to, body }
  for (const [name, content] of [
    ['not JSON', '{'],
    ['no dry_run: it is never guessed', { messages: [message] }],
    ['dry_run as text', { dry_run: 'true', messages: [message] }],
    ['no messages', { dry_run: false, messages: [] }],
    ['an unknown field', { dry_run: false, messages: [message], force: true }],
    ['no uuid', { dry_run: false, messages: [{ to, body }] }],
    ['a uuid that is none', { dry_run: false, messages: [{ ...message, message_uuid: 'x' }] }],
  ] as const) {
    test(`${name}: 400 in its own envelope`, async () => {
      const reply = await post(content)
      assert.equal(reply.status, 400)
      assert.equal(reply.body.service, 'baton-messaging')
      assert.ok(reply.body.error.code)
    })
  }
})
