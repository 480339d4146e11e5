// SMPP: what subscribers write over the link.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InboundText } from '../../src/providers/receipt.ts'
import { accept, soon, withPeer } from './smpp-setting.ts'

test('what a subscriber wrote is handed on, in whatever coding; it is acknowledged once it stands', () => {
  let isAway = true
  const written: InboundText[] = []
  const onText = async (text: InboundText) => {
    if (isAway) throw new Error('the database is away')
    written.push(text)
  }
  return withPeer(accept, { onText }, async ({ send, peer, receipts }) => {
    await send()
    const text = { source_addr: '12025550147', destination_addr: '12025550199', source_addr_ton: 1 }
    peer.push('deliver_sm', { ...text, short_message: Buffer.from('STOP') })
    await soon(
      () => peer.answers.length,
      (length) => length === 1,
    )
    assert.notEqual(peer.answers[0]?.command_status, 0, 'the centre keeps it and comes again')
    isAway = false
    peer.push('deliver_sm', { ...text, short_message: Buffer.from('STOP') })
    const ucs2 = Buffer.from('Стоп', 'utf16le').swap16()
    peer.push('deliver_sm', { ...text, data_coding: 8, short_message: ucs2 })
    await soon(
      () => peer.answers.length,
      (length) => length === 3,
    )
    assert.deepEqual(
      written.map(({ from, to, text: said }) => [from, to, said]),
      [
        ['+12025550147', '12025550199', 'STOP'],
        ['+12025550147', '12025550199', 'Стоп'],
      ],
    )
    assert.deepEqual(
      peer.answers.slice(1).map(({ command_status }) => command_status),
      [0, 0],
    )
    assert.deepEqual(receipts, [])
  })
})
