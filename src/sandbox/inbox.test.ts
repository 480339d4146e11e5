import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Account } from './accounts.ts'
import type { CarrierEntry } from './carrier-entry.ts'
import { createInbox } from './inbox.ts'

let texts = 0
const text = (account: Account, reference: string | null): CarrierEntry => ({
  at: '2026-01-01T00:00:00.000Z',
  account,
  to: '+447700900001',
  from: null,
  body: 'hello',
  reference,
  provider_message_id: String(texts++),
})

describe('inbox', () => {
  it('marks both texts of a repeated reference, across accounts, and no other', () => {
    const inbox = createInbox()
    inbox.add(text('legacy', 'a'))
    inbox.add(text('service', 'b'))
    inbox.add(text('service', 'a'))
    const { accounts, duplicates } = inbox.view()
    const marked = [...accounts.legacy.messages, ...accounts.service.messages].filter((m) => m.duplicate)
    assert.deepEqual(
      marked.map(({ account, reference }) => [account, reference]),
      [
        ['legacy', 'a'],
        ['service', 'a'],
      ],
    )
    assert.equal(duplicates.count, 1)
    assert.equal(duplicates.latest[0]?.account, 'service')
  })

  it('never takes texts without a reference for duplicates', () => {
    const inbox = createInbox()
    inbox.add(text('legacy', null))
    inbox.add(text('legacy', null))
    assert.equal(inbox.view().duplicates.count, 0)
  })

  it('keeps a bounded number of texts and references, and counts all', () => {
    const inbox = createInbox(3)
    for (const reference of ['a', 'b', 'c', 'd', 'e', 'c']) inbox.add(text('legacy', reference))
    assert.equal(inbox.view().duplicates.count, 1, 'c is among the latest three')
    for (const reference of ['f', 'g', 'h', 'a']) inbox.add(text('legacy', reference))
    assert.equal(inbox.view().duplicates.count, 1, 'a is long gone')
    for (let index = 0; index < 500; index++) inbox.add(text('service', `s${index}`))
    const { service } = inbox.view().accounts
    assert.equal(service.sent, 500)
    assert.ok(service.messages.length < 100)
    assert.equal(service.messages.at(-1)?.reference, 's499')
  })
})
