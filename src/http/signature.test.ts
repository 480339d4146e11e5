import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startSystem } from '../../test/support/system.ts'
import { signature, signatureFault } from './signature.ts'

const NOW = 1_800_000_000_000
const MINUTE_MS = 60_000

describe('signature', () => {
  const signed = signature('secret', NOW, 'content')
  for (const [name, secret, header, now, content, fault] of [
    ['holds', 'secret', signed, NOW, 'content', undefined],
    ['holds on clocks four minutes apart', 'secret', signed, NOW + 4 * MINUTE_MS, 'content', undefined],
    ['of another secret', 'other', signed, NOW, 'content', 'does not match'],
    ['over another body', 'secret', signed, NOW, 'contents', 'does not match'],
    ['too old', 'secret', signed, NOW + 6 * MINUTE_MS, 'content', 'is too old, or the clocks are apart'],
    [
      'from the future',
      'secret',
      signed,
      NOW - 6 * MINUTE_MS,
      'content',
      'is too old, or the clocks are apart',
    ],
    [
      'with another time',
      'secret',
      signed.replace(String(NOW), String(NOW + 1)),
      NOW,
      'content',
      'does not match',
    ],
    ['missing', 'secret', undefined, NOW, 'content', 'is missing'],
    ['twice', 'secret', [signed, signed], NOW, 'content', 'is missing'],
    ['malformed', 'secret', 't=1', NOW, 'content', 'is malformed'],
  ] as const) {
    test(name, () => {
      assert.equal(signatureFault(secret, header as string, now, content), fault)
    })
  }
})

describe('between gateway and service', async () => {
  const secret = 'shared-by-both'
  const system = await startSystem({ gateway: { serviceSecret: secret }, service: { secret } })
  await system.mode('ON')
  const to = '+12025550100'

  test('who shares the secret is let through; the breaker’s probe and SHADOW as well', async () => {
    assert.equal((await system.send({ to, body: 'x' })).body.messages[0]?.status, 'accepted')
  })

  test('an unsigned call is refused in the service’s envelope and leaves nothing', async () => {
    const response = await fetch(`${system.serviceUrl}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        dry_run: false,
        messages: [{ message_uuid: '01890000-0000-7000-8000-00000000aaaa', to, body: 'x' }],
      }),
    })
    assert.equal(response.status, 401)
    assert.equal(((await response.json()) as { service: string }).service, 'baton-messaging')
    assert.deepEqual(
      await system.sql(
        `select 1 from messaging.execution_authority where message_uuid = '01890000-0000-7000-8000-00000000aaaa'`,
      ),
      [],
    )
  })

  test('a service that does not know the secret proves nothing by its answers: the ledger decides', async () => {
    const trusting = await startSystem({ gateway: { serviceSecret: secret } })
    await trusting.mode('ON')
    const [message] = (await trusting.send({ to, body: 'x' })).body.messages
    assert.deepEqual([message?.source, message?.status, message?.fallback], ['go', 'accepted', null])
    const stranger = await startSystem({ gateway: { serviceSecret: 'another' }, service: { secret } })
    await stranger.mode('ON')
    const [refused] = (await stranger.send({ to, body: 'x' })).body.messages
    assert.deepEqual([refused?.source, refused?.status, refused?.fallback], ['legacy', 'sent', 'transport'])
  })
})
