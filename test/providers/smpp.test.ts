// SMPP: the provider contract, then what is the link's own.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Receipt } from '../../src/providers/receipt.ts'
import { smppProvider, type SmppOptions } from '../../src/providers/smpp/smpp.ts'
import { eventually } from '../support/system.ts'
import { newMessage, permitFor, providerContract, TIMEOUT_MS, type Behaviour } from './contract.ts'
import { startSmppPeer, type ScriptedSmppPeer, type SubmitScript } from './scripted-smpp-peer.ts'

const options: Omit<SmppOptions, 'url' | 'onReceipt' | 'onProblem'> = {
  name: 'smpp',
  systemId: 'baton',
  password: 'pw',
  enquireIntervalMs: 60_000,
  linkTimeoutMs: 2_000,
  reconnectFirstMs: 20,
  reconnectMaxMs: 100,
  timeoutMs: TIMEOUT_MS,
  windowMax: 10,
  longTexts: 'udh',
  idForms: { submit: 'text', receipt: 'text' },
  throttledMs: 1_000,
}

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
      provider: smppProvider({ ...options, url, onReceipt: () => Promise.resolve(), onProblem: () => {} }),
      submissions: () => peer.submits.map((pdu) => JSON.stringify(pdu)),
      stop: () => (behaviour === 'absent' ? Promise.resolve() : peer.close()),
    }
  },
})

interface Setting {
  readonly peer: ScriptedSmppPeer
  readonly provider: ReturnType<typeof smppProvider>
  readonly receipts: Receipt[]
  readonly problems: string[]
  readonly send: (body?: string) => ReturnType<ReturnType<typeof smppProvider>['send']>
}

async function withPeer(
  submit: ScriptedSmppPeer['submit'],
  changes: Partial<SmppOptions>,
  work: (setting: Setting) => Promise<void>,
): Promise<void> {
  const peer = await startSmppPeer(submit)
  const receipts: Receipt[] = []
  const problems: string[] = []
  const provider = smppProvider({
    ...options,
    timeoutMs: 5_000,
    url: peer.url,
    onReceipt: async (receipt) => void receipts.push(receipt),
    onProblem: (problem) => problems.push(problem),
    ...changes,
  })
  const send = (body?: string) => {
    const message = newMessage(body === undefined ? {} : { body })
    return provider.send(permitFor(message), message)
  }
  try {
    await work({ peer, provider, receipts, problems, send })
  } finally {
    await provider.close()
    await peer.close()
  }
}

const accept = { kind: 'accept', id: 'id-1' } as const
const soon = <Value>(ask: () => Value, holds: (value: Value) => boolean) =>
  eventually(() => Promise.resolve(ask()), holds)

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
    [{ kind: 'accept', id: '' }, 'unknown'],
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
    withPeer(accept, {}, async ({ send, peer, receipts, problems }) => {
      await send()
      peer.push('deliver_sm', { esm_class: 0, short_message: Buffer.from('STOP') })
      peer.push('deliver_sm', { esm_class: 4, short_message: Buffer.from('no id here') })
      await soon(
        () => peer.answers.length,
        (length) => length === 2,
      )
      assert.deepEqual(receipts, [])
      assert.equal(problems.length, 2)
      assert.ok(!problems.join(' ').includes('STOP'))
    }))
})

describe('smpp: link', () => {
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
