import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { HttpProblem } from '../contract/problem.ts'
import { createRepeatRequest } from './repeat-request.ts'

const arriving = {
  request: {
    requestId: 'r',
    tenant: 'demo',
    body: 'text',
    sender: null,
    messageUuidMap: new Map([['+12015550100', 'a']]),
    recipientMap: new Map([['a', '+12015550100']]),
    mentions: new Map([['+12015550100', 1]]),
    keyed: true,
    terms: { priority: null, sendAt: null, validUntil: null, segmentsMax: null },
  },
  idempotencyKey: 'key',
  contentSha256: Buffer.alloc(32),
  reference: null,
}

test('a key whose request cannot be looked up is answered 503: come again', async () => {
  const repeat = createRepeatRequest({
    findRequest: () => Promise.reject(new Error('connection lost')),
    takeOver: () => assert.fail('took over what it could not see'),
    readLedger: () => assert.fail('asked the ledger'),
    finish: () => assert.fail('sent'),
    presence: { owner: 1, isGone: () => assert.fail('asked'), onModeChange() {}, close: async () => {} },
    inProgress: new Set(),
    log: pino({ level: 'silent' }),
  })
  await assert.rejects(repeat('demo', 'key', arriving), (error) => {
    assert.ok(error instanceof HttpProblem)
    assert.equal(error.problem.status, 503)
    assert.equal(error.problem.code, 'try_again')
    return true
  })
})
