import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { makePermit } from '../authority/permit-maker.ts'
import type { AttemptEnd } from '../authority/settle.ts'
import { createLegacySender } from './legacy-send.ts'

const terms = { priority: null, sendAt: null, validUntil: null, segmentsMax: null }
const message = {
  messageUuid: 'a',
  recipient: '+12015550100',
  sender: null,
  body: 'text',
  tenant: 'demo',
  terms,
}

function senderWith(staleMs: number) {
  const sent: string[] = []
  const ends: AttemptEnd[] = []
  const legacy = createLegacySender({
    claimForLegacy: async (messages) =>
      messages.map(({ messageUuid }) => ({ won: makePermit(messageUuid, 'legacy', 'token') })),
    settle: async (_permit, end) => {
      ends.push(end)
      return 'recorded'
    },
    driver: {
      name: 'legacy',
      async send(permit, { messageUuid }) {
        permit.spend(messageUuid)
        sent.push(messageUuid)
        return { kind: 'accepted', providerMessageId: 'id' }
      },
      close: async () => {},
    },
    dispatchedMax: 10,
    staleMs,
    onUnsettled: (error) => assert.fail(String(error)),
  })
  return { legacy, sent, ends }
}

describe('the legacy side, held up between its claim and its send', () => {
  test('does not use the permit: the reaper may have flagged the message and a person decided', async () => {
    const { legacy, sent, ends } = senderWith(-1)
    const [outcome] = await legacy.send([message], null)
    const late = await legacy.sendUnder(makePermit('a', 'legacy', 'token'), message, 'timeout', 0)
    assert.deepEqual(sent, [])
    assert.equal(outcome?.status, 'failed')
    assert.equal(late.status, 'failed')
    assert.deepEqual(
      ends.map(({ state }) => state),
      ['refused', 'refused'],
    )
  })

  test('in time it sends', async () => {
    const { legacy, sent } = senderWith(60_000)
    const [outcome] = await legacy.send([message], null)
    assert.deepEqual(sent, ['a'])
    assert.equal(outcome?.status, 'sent')
  })
})
