// SMPP: receipts over the link, and the link itself.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Receipt } from '../../src/providers/receipt.ts'
import type { SmppOptions } from '../../src/providers/smpp/smpp.ts'
import { accept, soon, withPeer } from './smpp-setting.ts'

describe('smpp: receipts', () => {
  const text =
    'sub:001 dlvrd:001 submit date:2601020304 done date:260102030405 stat:DELIVRD err:000 text:id:evil stat:UNDELIV'
  const receipt = (id: string) => ({
    esm_class: 4,
    source_addr: '12025550147',
    short_message: Buffer.from(`id:${id} ${text}`),
  })

  test('are acknowledged once they are stored, and repeated until then', async () => {
    let failures = 1
    const stored: Receipt[] = []
    const onReceipt = async (given: Receipt) => {
      if (failures-- > 0) throw new Error('the database is away')
      stored.push(given)
    }
    await withPeer(accept, { onReceipt }, async ({ send, peer, problems }) => {
      await send()
      peer.push('deliver_sm', receipt('A_1@x'))
      await soon(
        () => peer.answers.length,
        (length) => length === 1,
      )
      peer.push('deliver_sm', receipt('A_1@x'))
      await soon(
        () => peer.answers.length,
        (length) => length === 2,
      )
      assert.deepEqual(
        peer.answers.map(({ command_status }) => command_status),
        [0x64, 0],
      )
      assert.deepEqual(stored, [
        { providerMessageId: 'a_1@x', status: 'delivered', at: new Date('2026-01-02T03:04:05Z') },
      ])
      assert.equal(problems.length, 1)
    })
  })

  const forms: readonly (readonly [string, SmppOptions['idForms'], string, string])[] = [
    ['leading zeros and case', { submit: 'text', receipt: 'text' }, '00aBc9', 'ABC9'],
    ['hex, then decimal', { submit: 'hex', receipt: 'decimal' }, '0DeadBeef', '0003735928559'],
    ['decimal, then hex', { submit: 'decimal', receipt: 'hex' }, '3735928559', 'deadbeef'],
    ['as they stand', { submit: 'exact', receipt: 'exact' }, '00aB', '00aB'],
  ]
  for (const [title, idForms, submitted, reported] of forms) {
    test(`ids meet: ${title}`, () =>
      withPeer({ kind: 'accept', id: submitted }, { idForms }, async ({ send, peer, receipts }) => {
        const result = await send()
        peer.push('deliver_sm', receipt(reported))
        const [given] = await soon(
          () => receipts,
          ({ length }) => length === 1,
        )
        assert.ok(result.kind === 'accepted')
        assert.equal(given?.providerMessageId, result.providerMessageId)
      }))
  }

  test('optional parameters go before the text; message_payload is read', () =>
    withPeer(accept, {}, async ({ send, peer, receipts }) => {
      await send()
      const short_message = Buffer.alloc(0)
      peer.push('deliver_sm', { esm_class: 4, short_message, receipted_message_id: '0042', message_state: 5 })
      const message_payload = Buffer.from('id:43 stat:expired err:0A1')
      peer.push('deliver_sm', { esm_class: 4, short_message, message_payload })
      await soon(
        () => receipts,
        ({ length }) => length === 2,
      )
      assert.deepEqual(
        receipts.map(({ providerMessageId, status, errorCode }) => [providerMessageId, status, errorCode]),
        [
          ['42', 'undelivered', undefined],
          ['43', 'expired', '0A1'],
        ],
      )
    }))

  test('what is no receipt, or cannot be read, has no effect and is told', () =>
    withPeer(accept, {}, async ({ send, peer, receipts, texts, problems }) => {
      await send()
      peer.push('deliver_sm', { source_addr: 'INFO', short_message: Buffer.from('STOP') })
      peer.push('deliver_sm', { esm_class: 4, short_message: Buffer.from('no id here') })
      peer.push('deliver_sm', { esm_class: 4, short_message: Buffer.from('id:77 text:stat:DELIVRD') })
      await soon(
        () => peer.answers.length,
        (length) => length === 3,
      )
      assert.deepEqual(receipts, [])
      assert.deepEqual(texts, [])
      assert.equal(problems.length, 3)
      assert.ok(!problems.join(' ').includes('STOP'))
    }))
})

describe('smpp: link', () => {
  test('separate binds: submits over the transmitter, receipts over the receiver', () =>
    withPeer(accept, { binds: 'separate' }, async ({ send, peer, receipts }) => {
      assert.equal((await send()).kind, 'accepted')
      await soon(
        () => peer.binds.length,
        (length) => length === 2,
      )
      assert.deepEqual(peer.binds.map(({ command }) => command).sort(), ['bind_receiver', 'bind_transmitter'])
      peer.push('deliver_sm', { esm_class: 4, short_message: Buffer.from('id:id-1 stat:DELIVRD') })
      const [given] = await soon(
        () => receipts,
        ({ length }) => length > 0,
      )
      assert.equal(given?.providerMessageId, 'id-1')
    }))

  test('the window bounds what waits, and a place that never comes free proves that nothing was sent', () =>
    withPeer({ kind: 'silence' }, { windowMax: 3, timeoutMs: 300 }, async ({ send, peer }) => {
      await soon(
        () => peer.binds.length,
        (length) => length === 1,
      )
      const results = await Promise.all(Array.from({ length: 5 }, () => send()))
      assert.deepEqual(results.map(({ kind }) => kind).sort(), [
        'not_sent',
        'not_sent',
        'unknown',
        'unknown',
        'unknown',
      ])
      assert.equal(peer.submits.length, 3)
    }))

  test('many at a time, each with its own answer', () =>
    withPeer(
      (_, index) => ({ kind: 'accept', id: `n${index}` }),
      { windowMax: 20 },
      async ({ send, peer }) => {
        const results = await Promise.all(Array.from({ length: 200 }, () => send()))
        const ids = results.map((result) =>
          result.kind === 'accepted' ? result.providerMessageId : result.kind,
        )
        assert.equal(new Set(ids).size, 200)
        assert.equal(peer.submits.length, 200)
        assert.ok(peer.inFlightMost <= 20, `${peer.inFlightMost} in flight`)
      },
    ))

  test('a lost link is bound anew; what waited is unknown, and nothing is sent again', () =>
    withPeer({ kind: 'silence' }, {}, async ({ send, peer }) => {
      const lost = Promise.all([send(), send()])
      await soon(
        () => peer.submits.length,
        (length) => length === 2,
      )
      peer.dropLinks()
      assert.deepEqual(
        (await lost).map(({ kind }) => kind),
        ['unknown', 'unknown'],
      )
      peer.submit = accept
      assert.equal((await send()).kind, 'accepted')
      assert.deepEqual([peer.binds.length, peer.submits.length], [2, 3])
    }))

  test('a refused bind is named without the password, tried again, and sends nothing', () =>
    withPeer(accept, { timeoutMs: 300, password: 'hunter-two' }, async ({ send, peer }) => {
      peer.bindStatus = 0x0e
      peer.dropLinks()
      const result = await send()
      if (result.kind === 'accepted') return assert.fail('sent over a refused bind')
      assert.equal(result.kind, 'not_sent')
      assert.match(result.reason, /0x0000000e/)
      assert.ok(!result.reason.includes('hunter'))
      peer.bindStatus = 0
      await soon(
        () => peer.binds.length,
        (length) => length >= 2,
      )
      assert.equal((await send()).kind, 'accepted')
    }))

  test('an idle link is asked whether it lives; one that does not answer is replaced', () =>
    withPeer(accept, { enquireIntervalMs: 30, linkTimeoutMs: 100 }, async ({ send, peer }) => {
      await soon(
        () => peer.enquiries,
        (count) => count >= 3,
      )
      assert.equal(peer.binds.length, 1)
      peer.answersEnquiries = false
      await soon(
        () => peer.binds.length,
        (length) => length >= 2,
      )
      peer.answersEnquiries = true
      assert.equal((await send()).kind, 'accepted')
    }))

  test('the centre asks, and unbinds: both are answered, the link comes back', () =>
    withPeer(accept, {}, async ({ send, peer }) => {
      await send()
      peer.push('enquire_link', {})
      peer.push('unbind', {})
      await soon(
        () => peer.answers.map(({ command }) => command).join(),
        (commands) => commands === 'enquire_link_resp,unbind_resp',
      )
      assert.equal((await send()).kind, 'accepted')
      assert.equal(peer.binds.length, 2)
    }))
})
