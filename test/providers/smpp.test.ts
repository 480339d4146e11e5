// SMPP: the provider contract, what an answer proves, and how texts go out.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { smppProvider } from '../../src/providers/smpp/smpp.ts'
import { newMessage, permitFor, providerContract, type Behaviour } from './contract.ts'
import { startSmppPeer, type SubmitScript } from './scripted-smpp-peer.ts'
import { accept, smppOptions, soon, withPeer } from './smpp-setting.ts'

const scripts: Record<Behaviour, SubmitScript> = {
  accept: { kind: 'accept', id: '00AbC' },
  refuse: { kind: 'status', status: 0x0b },
  throttle: { kind: 'status', status: 0x58 },
  silence: { kind: 'silence' },
  reset: { kind: 'reset' },
  server_error: { kind: 'status', status: 0x08 },
  redirect: { kind: 'silence' },
  garbage: { kind: 'garbage' },
  absent: { kind: 'silence' },
}

providerContract({
  name: 'smpp',
  acceptedAs: 'abc',
  skip: { redirect: 'SMPP has no redirects' },
  async start(behaviour) {
    const peer = await startSmppPeer(scripts[behaviour])
    if (behaviour === 'absent') await peer.close()
    const { url } = peer
    return {
      provider: smppProvider({
        ...smppOptions,
        url,
        onReceipt: () => Promise.resolve(),
        onText: () => Promise.resolve(),
        onProblem: () => {},
      }),
      submissions: () => peer.submits.map((pdu) => JSON.stringify(pdu)),
      stop: () => (behaviour === 'absent' ? Promise.resolve() : peer.close()),
    }
  },
})

describe('smpp: what an answer proves', () => {
  const rows: readonly (readonly [SubmitScript, string])[] = [
    [{ kind: 'status', status: 0x14 }, 'refused pace'],
    [{ kind: 'status', status: 0x0a }, 'refused account'],
    [{ kind: 'status', status: 0x45 }, 'unknown'],
    [{ kind: 'status', status: 0xff }, 'unknown'],
    [{ kind: 'status', status: 0x411 }, 'refused message'],
    [{ kind: 'status', status: 0x412 }, 'unknown'],
    [{ kind: 'nack', status: 0x03 }, 'refused message'],
    [{ kind: 'foreign' }, 'unknown'],
    [{ kind: 'accept', id: '' }, 'accepted'],
  ]
  for (const [script, expected] of rows) {
    test(`${JSON.stringify(script)}: ${expected}`, () =>
      withPeer(script, { refusals: { 0x411: 'message' } }, async ({ send, peer }) => {
        const result = await send()
        const seen = result.kind === 'refused' ? `refused ${result.blames}` : result.kind
        assert.equal(seen, expected, JSON.stringify(result))
        assert.equal(peer.submits.length, 1)
      }))
  }

  test('an answer that comes late is passed on as a receipt that names the message', () =>
    withPeer({ kind: 'late', id: 'Late-1', afterMs: 300 }, { timeoutMs: 100 }, async (setting) => {
      const { provider, receipts } = setting
      const message = newMessage()
      assert.equal((await provider.send(permitFor(message), message)).kind, 'unknown')
      const [receipt] = await soon(
        () => receipts,
        ({ length }) => length > 0,
      )
      const { messageUuid: reference } = message
      assert.deepEqual(
        { ...receipt, at: undefined },
        { providerMessageId: 'late-1', reference, status: 'accepted', at: undefined },
      )
    }))
})

describe('smpp: texts', () => {
  test('GSM-7 as it is, UCS-2 big endian', () =>
    withPeer(accept, {}, async ({ send, peer }) => {
      await send('a@€')
      await send('я😀')
      assert.deepEqual(
        peer.submits.map(({ data_coding, esm_class }) => [data_coding, esm_class]),
        [
          [0, 0],
          [8, 0],
        ],
      )
      assert.equal(peer.submits[0]?.short_message?.message, 'a@€')
      assert.equal(peer.submits[1]?.short_message?.message, 'я😀')
    }))

  test('a long text: parts with a header, one after the other, a receipt of the last', () =>
    withPeer(
      (_, index) => ({ kind: 'accept', id: `part-${index}` }),
      {},
      async ({ send, peer }) => {
        const text = `${'x'.repeat(152)}€${'y'.repeat(160)}`
        assert.deepEqual(await send(text), { kind: 'accepted', providerMessageId: 'part-2' })
        assert.equal(peer.inFlightMost, 1)
        assert.equal(peer.submits.map(({ short_message }) => short_message?.message).join(''), text)
        const headers = peer.submits.map(({ short_message }) => short_message?.udh?.[0]?.toString('hex'))
        const reference = headers[0]?.slice(4, 6)
        assert.deepEqual(
          headers,
          ['01', '02', '03'].map((part) => `0003${reference}03${part}`),
        )
        assert.deepEqual(
          peer.submits.map(({ registered_delivery }) => registered_delivery),
          [0, 0, 1],
        )
        assert.ok(peer.submits.every(({ esm_class }) => esm_class === 0x40))
      },
    ))

  test('a long text whose first part is refused has not gone; a later one proves nothing', async () => {
    const refuseFrom = (part: number) => (_: unknown, index: number) =>
      index < part ? accept : ({ kind: 'status', status: 0x58 } as const)
    await withPeer(refuseFrom(0), {}, async ({ send, peer }) => {
      assert.equal((await send('x'.repeat(400))).kind, 'refused')
      assert.equal(peer.submits.length, 1)
    })
    await withPeer(refuseFrom(1), {}, async ({ send, peer }) => {
      const result = await send('x'.repeat(400))
      assert.deepEqual([result.kind, peer.submits.length], ['unknown', 2])
      assert.match(result.kind === 'unknown' ? result.reason : '', /^part 2 of 3: /)
    })
  })

  test('a text of more parts than can be numbered is refused before any byte', () =>
    withPeer(accept, {}, async ({ send, peer }) => {
      assert.equal((await send('x'.repeat(153 * 255 + 1))).kind, 'refused')
      assert.equal((await send('x'.repeat(153 * 2))).kind, 'accepted')
      assert.equal(peer.submits.length, 2)
    }))

  test('a long text whole, for the centre to cut', () =>
    withPeer(accept, { longTexts: 'message_payload' }, async ({ send, peer }) => {
      await send('я'.repeat(100))
      assert.equal(peer.submits.length, 1)
      assert.equal(peer.submits[0]?.message_payload?.message, 'я'.repeat(100))
    }))
})
