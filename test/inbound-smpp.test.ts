// A centre of the providers file: receipts and STOP come in over the bound link, and are acknowledged once they stand.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { parseProviders } from '../src/service/providers-file.ts'
import { startSmppPeer } from './providers/scripted-smpp-peer.ts'
import { eventually, startSystem } from './support/system.ts'

const centre = await startSmppPeer((_, index) => ({ kind: 'accept', id: `c${index}` }))
after(() => centre.close())
const parsed = parseProviders(
  {
    providers: [
      { name: 'centre', kind: 'smpp', options: { url: centre.url, systemId: 'b', password: 'env:CENTRE' } },
    ],
  },
  { CENTRE: 'pw' },
)
assert.ok('open' in parsed, JSON.stringify(parsed))
const system = await startSystem({
  providers: parsed.open({ timeoutMs: 1_500, inFlightMax: 10, publicUrl: null }),
})
await system.mode('ON')

const NUMBER = '+12025550150'
const SENDER = '+12025550190'
const send = async () => {
  const { body } = await system.send({ to: NUMBER, body: 'hello', from: SENDER })
  return { uuid: body.messages[0]?.message_uuid ?? '', status: body.messages[0]?.status }
}
const answered = (count: number) =>
  eventually(
    () => Promise.resolve(centre.answers.map(({ command_status }) => command_status)),
    ({ length }) => length === count,
  )

test('a receipt settles the delivery; STOP and START decide about the next message', async () => {
  const { uuid } = await send()
  const log = `from messaging.go_sms_logs where message_uuid = '${uuid}'`
  await eventually(
    () => system.sql<{ status: string }>(`select status ${log}`),
    ([row]) => row?.status === 'sent',
  )
  centre.push('deliver_sm', { esm_class: 4, short_message: Buffer.from('id:c0 stat:DELIVRD err:000') })
  await eventually(
    () => system.sql<{ delivery_status: string | null }>(`select delivery_status ${log}`),
    ([row]) => row?.delivery_status === 'delivered',
  )
  const text = { source_addr: NUMBER.slice(1), destination_addr: SENDER.slice(1) }
  centre.push('deliver_sm', { ...text, short_message: Buffer.from('hello yourself') })
  await answered(2)
  assert.equal((await send()).status, 'accepted')
  centre.push('deliver_sm', { ...text, short_message: Buffer.from('Stop') })
  await answered(3)
  assert.equal((await send()).status, 'rejected')
  centre.push('deliver_sm', { ...text, short_message: Buffer.from('START') })
  assert.deepEqual(await answered(4), [0, 0, 0, 0])
  assert.equal((await send()).status, 'accepted')
})
